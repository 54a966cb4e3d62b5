#include <algorithm>
#include <vector>

#include "catalogue/adapters.h"
#include "base/text.h"
#include "catalogue/import_parts.h"
#include "catalogue/json_parts.h"
#include "json/copy.h"

namespace doorward::catalogue {
namespace {

using namespace parts;

constexpr std::size_t kMostParameters = 1000;

/// `tools.json` and the tools of a catalogue: definitions with a schema, or with a list of arguments, or
/// names.
void read_tools(Intake& intake, json::Value list, std::string_view text, const std::string& where,
                Tools& tools) {
  std::size_t index = 0;
  for (const json::Value tool : list.elements()) {
    const std::string place = where + '/' + std::to_string(index++);
    if (tool.is(json::Type::string)) {
      tools.add_name(tool.string(), place);
      continue;
    }
    if (!tool.is(json::Type::object)) {
      intake.skip(place, "the tool is no object");
      continue;
    }
    if (tool.find("inputSchema").is(json::Type::object)) {
      tools.add_whole(tool, text, place);
      continue;
    }
    std::vector<Tools::Parameter> parameters;
    for (const json::Value argument : tool.find("arguments").elements()) {
      if (parameters.size() == kMostParameters) break;
      std::string_view said = json::text_of(argument, "desc");
      if (said.empty()) said = json::text_of(argument, "description");
      parameters.push_back({json::text_of(argument, "name"), json::text_of(argument, "type"), said});
    }
    tools.add_described(json::text_of(tool, "name"), json::text_of(tool, "description"), parameters, place);
  }
}

/// The file of definitions that is kept beside the document.
void read_file(Intake& intake, const Beside& beside, const std::string& path, Tools& tools) {
  if (!beside) return;
  const std::string text = beside(path);
  if (text.empty()) return;
  json::Reader reader;
  const auto list = reader.read(text);
  if (!list || !list->is(json::Type::array)) {
    return intake.skip(path,
                       "it is no JSON list of tools" + (list ? std::string() : ": " + list.error().message));
  }
  read_tools(intake, *list, text, path, tools);
}

bool is_plain(std::string_view name) {
  return !name.empty() && !name.starts_with('.') && std::ranges::all_of(name, [](char c) {
    return is_alnum(c) || c == '-' ||
           c == '_' || c == '.';
  });
}

/// What `server.yaml` and an entry of a catalogue share.
void read_common(Intake& intake, json::Value server, const std::string& where, Listing& listing) {
  if (std::string image = text_at(server, {"image"}, kMostLink); !image.empty()) {
    add_package(listing,
                {.registry = "oci", .identifier = std::move(image), .version = {}, .transport = "stdio"});
    if (!listing.packages.empty()) listing.version = listing.packages.front().version;
  }
  const json::Value remote = server.find("remote");
  if (std::string url = text_at(remote, {"url"}, kMostLink); !url.empty()) {
    // A header whose value is a variable is one that the user has to fill in.
    const bool secret = std::ranges::any_of(remote.find("headers").members(), [](json::Member header) {
      return header.value.is(json::Type::string) &&
             header.value.string().find("${") != std::string_view::npos;
    });
    add_remote(intake, listing,
               {.transport = text_at(remote, {"transport_type", "transport"}, kMostShort),
                .url = std::move(url),
                .needs_secret = secret},
               where + "/remote/url");
    if (secret) listing.auth = "api-key";
  }
  const json::Value config = server.find("config");
  if (server.find("secrets").is(json::Type::array) || config.find("secrets").is(json::Type::array)) {
    listing.auth = "api-key";
  }
  if (const json::Value oauth = server.find("oauth"); oauth && !oauth.is(json::Type::null))
    listing.auth = "oauth";
}

/// `server.yaml` of the registry's repository, with `tools.json` beside it.
void read_manifest(Intake& intake, std::string_view text, const Beside& beside) {
  const json::Value server = intake.open(text, "");
  if (!server) return;
  Listing listing = intake.begin();
  listing.name = text_at(server, {"name"}, kMostName + 1);
  const json::Value about = server.find("about");
  listing.title = text_at(about, {"title"}, kMostShort);
  listing.description = text_at(about, {"description"}, kMostText);
  listing.repository = link_at(intake, server.find("source"), {"project"});
  read_common(intake, server, "", listing);
  Tools tools(intake, listing);
  read_file(intake, beside, "tools.json", tools);
  if (!listing.tools.empty()) listing.tools_known = ToolsKnown::partial;
  intake.take(std::move(listing));
}

/// One of `registry.<name>` of a catalogue, with `tools/<name>.json` beside it.
void read_entry(Intake& intake, const Record& record, const Beside& beside) {
  const json::Value server = intake.open(record.text, record.where);
  if (!server) return;
  Listing listing = intake.begin();
  listing.name = record.name;
  listing.title = text_at(server, {"title"}, kMostShort);
  listing.description = text_at(server, {"description"}, kMostText);
  listing.repository = link_at(intake, server, {"upstream", "source"});
  const json::Value metadata = server.find("metadata");
  listing.licence = text_at(metadata, {"license"}, kMostShort);
  listing.publisher = text_at(metadata, {"owner"}, kMostShort);
  listing.updated_us = time_at(server, {"dateAdded"});
  read_common(intake, server, record.where, listing);
  Tools tools(intake, listing);
  if (is_plain(record.name)) read_file(intake, beside, "tools/" + record.name + ".json", tools);
  read_tools(intake, server.find("tools"), record.text, record.where + "/tools", tools);
  if (!listing.tools.empty()) listing.tools_known = ToolsKnown::partial;
  intake.take(std::move(listing));
}

bool recognises(std::string_view document) {
  const auto keys = top_keys(document);
  return keys.contains("registry") ||
         (keys.contains("about") && (keys.contains("image") || keys.contains("type")));
}

Result<Imported> read(std::string_view document, const Beside& beside) {
  Intake intake("docker");
  std::string storage;
  const auto text = as_json(document, storage);
  if (!text) return std::unexpected(text.error());
  const JsonParts root = split_json(*text, kMostRecords);
  if (const std::string_view registry = root.find("registry"); registry.starts_with('{')) {
    for_each_record(intake, registry, "/registry",
                    [&](const Record& record) { read_entry(intake, record, beside); });
  } else if (!root.find("name").empty()) {
    read_manifest(intake, *text, beside);
  } else {
    return fail(ErrorKind::invalid,
                "it has neither \"registry\" nor \"name\"; give a catalogue of Docker or a server.yaml");
  }
  return intake.finish();
}

}  // namespace

constexpr Adapter kDockerAdapter{"docker", "the Docker MCP catalogue", recognises, read};

}  // namespace doorward::catalogue
