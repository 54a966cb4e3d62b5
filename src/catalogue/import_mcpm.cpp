#include <algorithm>
#include <vector>

#include "catalogue/adapters.h"
#include "catalogue/import_parts.h"
#include "catalogue/json_parts.h"
#include "catalogue/package.h"

namespace doorward::catalogue {
namespace {

using namespace parts;

constexpr std::size_t kMostArguments = 256;

void read_installation(Intake& intake, json::Value entry, const std::string& where, Listing& listing) {
  const std::string type = text_at(entry, {"type"}, kMostShort);
  if (std::string url = text_at(entry, {"url"}, kMostLink); !url.empty()) {
    add_remote(intake, listing,
               {.transport = type == "sse" ? "sse" : "streamable-http", .url = std::move(url)}, where);
    return;
  }
  std::vector<std::string> arguments;
  for (const json::Value argument : entry.find("args").elements()) {
    if (argument.is(json::Type::string) && arguments.size() < kMostArguments) {
      arguments.push_back(clean(argument.string(), kMostLink));
    }
  }
  std::optional<Package> package = package_of_command(text_at(entry, {"command"}, kMostLink), arguments);
  const std::string named = text_at(entry, {"package"}, kMostLink);
  if (!package && !named.empty()) {
    package = Package{.registry = type == "npm"                       ? "npm"
                                  : type == "docker"                  ? "oci"
                                  : type == "python" || type == "uvx" ? "pypi"
                                                                      : "",
                      .identifier = named,
                      .version = {},
                      .transport = "stdio"};
  }
  if (package) add_package(listing, std::move(*package));
}

/// An empty map of variables asks for nothing.
bool wants_variables(json::Value installations) {
  return std::ranges::any_of(installations.members(), [](json::Member entry) {
    const json::Value variables = entry.value.find("env");
    return std::ranges::any_of(variables.members(), [](json::Member variable) {
      const std::string_view name = variable.key.string();
      return std::ranges::any_of(
          std::initializer_list<std::string_view>{"KEY", "TOKEN", "SECRET", "PASSWORD"},
          [&](std::string_view word) { return name.find(word) != std::string_view::npos; });
    });
  });
}

void read_tools(Intake& intake, json::Value list, std::string_view text, const std::string& where,
                Listing& listing) {
  Tools tools(intake, listing);
  std::size_t index = 0;
  for (const json::Value tool : list.elements()) {
    const std::string place = where + "/tools/" + std::to_string(index++);
    if (tool.is(json::Type::string)) {
      tools.add_name(tool.string(), place);
      continue;
    }
    const json::Value schema = tool.find("inputSchema");
    // Some manifests give the properties alone as the schema.
    const bool whole = !schema || !schema.is(json::Type::object) || schema.size() == 0 ||
                       schema.find("type").is(json::Type::string) ||
                       schema.find("properties").is(json::Type::object);
    if (whole) {
      tools.add_whole(tool, text, place);
      continue;
    }
    std::vector<Tools::Parameter> parameters;
    for (const json::Member property : schema.members()) {
      parameters.push_back({property.key.string(), json::text_of(property.value, "type"),
                            json::text_of(property.value, "description")});
    }
    tools.add_described(json::text_of(tool, "name"), json::text_of(tool, "description"), parameters, place);
  }
  if (!listing.tools.empty()) listing.tools_known = ToolsKnown::partial;
}

void read_manifest(Intake& intake, std::string_view text, const std::string& where, const std::string& key) {
  const json::Value server = intake.open(text, where);
  if (!server) return;
  // One generation of the tool wrote what it did not know of a manifest under "properties".
  const json::Value more = server.find("properties");
  const auto either = [&](std::initializer_list<std::string_view> keys, std::size_t most) {
    std::string said = text_at(server, keys, most);
    return said.empty() ? text_at(more, keys, most) : said;
  };
  Listing listing = intake.begin();
  listing.name = text_at(server, {"name"}, kMostName + 1);
  if (listing.name.empty()) listing.name = key;
  listing.title = either({"display_name"}, kMostShort);
  listing.description = either({"description"}, kMostText);
  listing.licence = either({"license"}, kMostShort);
  const json::Value repository = server.find("repository");
  listing.repository = repository.is(json::Type::object) ? link_at(intake, repository, {"url"})
                                                         : link_at(intake, server, {"repository"});
  listing.website = link_at(intake, server, {"homepage"});
  if (listing.website == listing.repository) listing.website.clear();
  const json::Value author = server.find("author");
  listing.publisher = author.is(json::Type::object) ? text_at(author, {"name"}, kMostShort)
                                                    : text_at(server, {"author"}, kMostShort);
  for (const json::Value holder : {server.find("installations"), more.find("installations")}) {
    for (const json::Member entry : holder.members()) {
      read_installation(intake, entry.value, where + "/installations/" + clean(entry.key.string(), kMostName),
                        listing);
    }
    if (wants_variables(holder)) listing.auth = "api-key";
  }
  read_tools(intake, server.find("tools"), text, where, listing);
  intake.take(std::move(listing));
}

bool is_manifest(std::string_view record) {
  const JsonParts inside = split_json(record, kMostRecords);
  return inside.bracket == '{' && !inside.find("installations").empty() && !inside.find("name").empty();
}

bool recognises(std::string_view document) {
  if (is_manifest(document)) return true;
  const JsonParts root = split_json(document, kMostRecords);
  return !root.parts.empty() && is_manifest(root.parts.front().text);
}

Result<Imported> read(std::string_view document, const Beside&) {
  Intake intake("mcpm");
  if (split_json(document, kMostRecords).bracket == 0) {
    return fail(ErrorKind::invalid,
                "it is no JSON document; give a manifest of MCPM or the map of all of them");
  }
  if (is_manifest(document)) {
    read_manifest(intake, document, "", "");
  } else {
    for_each_record(intake, document, "", [&](const Record& record) {
      read_manifest(intake, record.text, record.where, record.name);
    });
  }
  return intake.finish();
}

}  // namespace

constexpr Adapter kMcpmAdapter{"mcpm", "MCPM", recognises, read};

}  // namespace doorward::catalogue
