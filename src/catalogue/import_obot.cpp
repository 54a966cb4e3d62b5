#include <algorithm>
#include <vector>

#include "catalogue/adapters.h"
#include "catalogue/import_parts.h"
#include "catalogue/json_parts.h"

namespace doorward::catalogue {
namespace {

using namespace parts;

constexpr std::size_t kMostParameters = 1000;

void read_runtime(Intake& intake, json::Value server, const std::string& where, Listing& listing) {
  add_package(listing, {.registry = "npm",
                        .identifier = text_at(server.find("npxConfig"), {"package"}, kMostLink),
                        .version = {},
                        .transport = "stdio"});
  add_package(listing, {.registry = "pypi",
                        .identifier = text_at(server.find("uvxConfig"), {"package"}, kMostLink),
                        .version = {},
                        .transport = "stdio"});
  add_package(listing, {.registry = "oci",
                        .identifier = text_at(server.find("containerizedConfig"), {"image"}, kMostLink),
                        .version = {},
                        .transport = "streamable-http"});
  if (!listing.packages.empty()) listing.version = listing.packages.front().version;
  const json::Value remote = server.find("remoteConfig");
  const bool secret = std::ranges::any_of(remote.find("headers").elements(),
                                          [](json::Value header) { return is_true(header, {"sensitive"}); });
  std::string url = text_at(remote, {"fixedURL", "url"}, kMostLink);
  // A host alone is what the user's own address must have; there is no endpoint to know then.
  const bool sse = url.ends_with("/sse") || url.ends_with("/sse/");
  add_remote(intake, listing,
             {.transport = sse ? "sse" : "streamable-http", .url = std::move(url), .needs_secret = secret},
             where + "/remoteConfig");
  const bool sensitive = std::ranges::any_of(
      server.find("env").elements(), [](json::Value variable) { return is_true(variable, {"sensitive"}); });
  if (secret || sensitive) listing.auth = "api-key";
}

void read_tools(Intake& intake, json::Value list, const std::string& where, Listing& listing) {
  Tools tools(intake, listing);
  std::size_t index = 0;
  for (const json::Value tool : list.elements()) {
    std::vector<Tools::Parameter> parameters;
    for (const json::Member parameter : tool.find("params").members()) {
      if (parameters.size() == kMostParameters) break;
      const bool said = parameter.value.is(json::Type::string);
      parameters.push_back(
          {parameter.key.string(), {}, said ? parameter.value.string() : std::string_view()});
    }
    tools.add_described(json::text_of(tool, "name"), json::text_of(tool, "description"), parameters,
                        where + "/toolPreview/" + std::to_string(index++));
  }
  if (!listing.tools.empty()) listing.tools_known = ToolsKnown::partial;
}

void read_record(Intake& intake, std::string_view text, const std::string& where) {
  const json::Value server = intake.open(text, where);
  if (!server) return;
  Listing listing = intake.begin();
  listing.name = text_at(server, {"name"}, kMostName + 1);
  listing.source_id = text_at(server, {"entryKey"}, kMostName);
  listing.title = listing.name;
  listing.description = text_at(server, {"shortDescription"}, kMostText);
  if (listing.description.empty()) listing.description = text_at(server, {"description"}, kMostText);
  listing.repository = link_at(intake, server, {"repoURL"});
  read_runtime(intake, server, where, listing);
  read_tools(intake, server.find("toolPreview"), where, listing);
  intake.take(std::move(listing));
}

bool is_entry(const std::set<std::string, std::less<>>& keys) {
  return keys.contains("name") &&
         (keys.contains("toolPreview") || keys.contains("repoURL") ||
          (keys.contains("runtime") && (keys.contains("remoteConfig") || keys.contains("npxConfig") ||
                                        keys.contains("uvxConfig") || keys.contains("containerizedConfig"))));
}

bool recognises(std::string_view document) {
  return is_entry(top_keys(document));
}

Result<Imported> read(std::string_view document, const Beside&) {
  Intake intake("obot");
  std::string storage;
  const auto text = as_json(document, storage);
  if (!text) return std::unexpected(text.error());
  if (text->starts_with('[')) {
    for_each_record(intake, *text, "",
                    [&](const Record& record) { read_record(intake, record.text, record.where); });
  } else if (!split_json(*text, kMostRecords).find("name").empty()) {
    read_record(intake, *text, "");
  } else {
    return fail(ErrorKind::invalid, "it has no \"name\"; give an entry of Obot's catalogue");
  }
  return intake.finish();
}

}  // namespace

constexpr Adapter kObotAdapter{"obot", "the Obot catalogue", recognises, read};

}  // namespace doorward::catalogue
