#include <algorithm>

#include "catalogue/adapters.h"
#include "catalogue/json_parts.h"
#include "catalogue/server_json.h"

namespace doorward::catalogue {
namespace {

using namespace parts;

/// The state and date that ToolHive keeps beside the tools, under the publisher and the package or URL.
void read_state(json::Value holder, Listing& listing) {
  std::string status = text_at(holder, {"status"}, kMostShort);
  if (!status.empty() && (status.front() == 'D' || status.front() == 'd')) listing.gone = true;
  const std::int64_t updated = time_at(holder.find("metadata"), {"last_updated"});
  listing.updated_us = std::max(listing.updated_us, updated);
  const json::Value oauth = holder.find("oauth_config");
  if (oauth.is(json::Type::object)) listing.auth = "oauth";
}

/// One of `data.servers[]`: a server.json.
void read_present(Intake& intake, const Record& record) {
  const json::Value server = intake.open(record.text, record.where);
  if (!server) return;
  Listing listing = intake.begin();
  read_server_json(intake, server, record.text, record.where, listing);
  for (const json::Member said : server.find("_meta").members()) {
    for (const json::Member publisher : said.value.members()) {
      read_state(publisher.value, listing);
      for (const json::Member place : publisher.value.members()) read_state(place.value, listing);
    }
  }
  intake.take(std::move(listing));
}

bool any_secret(json::Value inputs) {
  return std::ranges::any_of(inputs.elements(), [](json::Value input) { return is_true(input, {"secret"}); });
}

/// One of the maps `servers` and `remote_servers` of the older form.
void read_older(Intake& intake, const Record& record) {
  const json::Value server = intake.open(record.text, record.where);
  if (!server) return;
  Listing listing = intake.begin();
  listing.name = record.name;
  listing.title = text_at(server, {"title", "name"}, kMostShort);
  listing.description = text_at(server, {"description"}, kMostText);
  listing.repository = link_at(intake, server, {"repository_url"});
  const std::string transport = text_at(server, {"transport"}, kMostShort);
  const bool header_secret = any_secret(server.find("headers"));
  if (any_secret(server.find("env_vars")) || header_secret) listing.auth = "api-key";
  read_state(server, listing);
  if (std::string image = text_at(server, {"image"}, kMostLink); !image.empty()) {
    add_package(listing,
                {.registry = "oci", .identifier = std::move(image), .version = {}, .transport = transport});
    if (!listing.packages.empty()) listing.version = listing.packages.front().version;
  }
  if (std::string url = text_at(server, {"url"}, kMostLink); !url.empty()) {
    add_remote(intake, listing,
               {.transport = transport, .url = std::move(url), .needs_secret = header_secret},
               record.where + "/url");
  }
  Tools tools(intake, listing);
  std::size_t index = 0;
  for (const json::Value tool : server.find("tool_definitions").elements()) {
    tools.add_whole(tool, record.text, record.where + "/tool_definitions/" + std::to_string(index++));
  }
  const std::size_t defined = listing.tools.size();
  index = 0;
  for (const json::Value name : server.find("tools").elements()) {
    if (name.is(json::Type::string))
      tools.add_name(name.string(), record.where + "/tools/" + std::to_string(index++));
  }
  if (!listing.tools.empty()) {
    listing.tools_known = listing.tools.size() == defined ? ToolsKnown::whole : ToolsKnown::partial;
  }
  intake.take(std::move(listing));
}

bool recognises(std::string_view document) {
  const JsonParts root = split_json(document, kMostRecords);
  if (root.bracket != '{') return false;
  const std::string_view data = root.find("data");
  if (data.starts_with('{') && split_json(data, kMostRecords).find("servers").starts_with('[')) return true;
  const bool older = root.find("servers").starts_with('{') &&
                     (!root.find("remote_servers").empty() || !root.find("last_updated").empty());
  return older || root.find("remote_servers").starts_with('{');
}

Result<Imported> read(std::string_view document, const Beside&) {
  Intake intake("toolhive");
  const JsonParts root = split_json(document, kMostRecords);
  const JsonParts data = split_json(root.find("data"), kMostRecords);
  if (const std::string_view servers = data.find("servers"); servers.starts_with('[')) {
    for_each_record(intake, servers, "/data/servers",
                    [&](const Record& record) { read_present(intake, record); });
    return intake.finish();
  }
  bool any = false;
  for (const std::string_view key : {"servers", "remote_servers"}) {
    const std::string_view map = root.find(key);
    if (!map.starts_with('{')) continue;
    any = true;
    for_each_record(intake, map, '/' + std::string(key),
                    [&](const Record& record) { read_older(intake, record); });
  }
  if (!any)
    return fail(ErrorKind::invalid,
                "it has neither \"data.servers\" nor maps \"servers\" and \"remote_servers\"; give a "
                "registry.json of ToolHive");
  return intake.finish();
}

}  // namespace

constexpr Adapter kToolhiveAdapter{"toolhive", "ToolHive", recognises, read};

}  // namespace doorward::catalogue
