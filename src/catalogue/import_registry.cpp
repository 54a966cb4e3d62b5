#include "catalogue/adapters.h"
#include "catalogue/json_parts.h"
#include "catalogue/server_json.h"

namespace doorward::catalogue {
namespace {

using namespace parts;

constexpr std::string_view kOfficial = "io.modelcontextprotocol.registry/official";
constexpr std::string_view kOlderOfficial = "x-io.modelcontextprotocol.registry";

/// What the registry itself says of a record, wherever its form puts that.
json::Value official_of(json::Value record, json::Value server) {
  for (const json::Value holder : {record, server}) {
    for (const json::Value at : {holder.find("_meta"), holder}) {
      for (const std::string_view key : {kOfficial, kOlderOfficial}) {
        if (const json::Value said = at.find(key); said.is(json::Type::object)) return said;
      }
    }
  }
  return {};
}

void read_record(Intake& intake, std::string_view text, const std::string& where) {
  const json::Value record = intake.open(text, where);
  if (!record) return;
  json::Value server = record.find("server");
  // The oldest form has the server itself in the list.
  const bool bare = !server.is(json::Type::object);
  if (bare) server = record;
  Listing listing = intake.begin();
  read_server_json(intake, server, text, bare ? where : where + "/server", listing);
  // What a publisher says of its own tools is a claim, not a list that somebody asked the server for.
  if (listing.tools_known == ToolsKnown::whole) listing.tools_known = ToolsKnown::partial;
  const json::Value official = official_of(record, server);
  listing.updated_us = time_at(official, {"updatedAt", "updated_at"});
  if (listing.updated_us == 0)
    listing.updated_us = time_at(official, {"publishedAt", "published_at", "release_date"});
  const std::string status = text_at(official, {"status"}, kMostShort);
  listing.gone = listing.gone || status == "deleted" || status == "deprecated";
  const bool latest =
      is_true(official, {"isLatest", "is_latest"}) || is_true(server.find("version_detail"), {"is_latest"});
  intake.take_version(std::move(listing), latest);
}

bool is_server(std::string_view record) {
  const JsonParts inside = split_json(record, kMostRecords);
  return !inside.find("server").empty() ||
         (!inside.find("name").empty() && inside.find("qualifiedName").empty() &&
          (!inside.find("version").empty() || !inside.find("version_detail").empty()));
}

bool recognises(std::string_view document) {
  const JsonParts root = split_json(document, kMostRecords);
  if (root.bracket == '[') return root.parts.empty() ? false : is_server(root.parts.front().text);
  const std::string_view servers = root.find("servers");
  if (servers.starts_with('[')) {
    // The first record alone is looked at; an empty page is one all the same.
    const JsonParts first = split_json(servers, 1);
    return first.parts.empty() ? !root.find("metadata").empty() : is_server(first.parts.front().text);
  }
  return root.find("servers").empty() && root.find("installations").empty() && is_server(document);
}

Result<Imported> read(std::string_view document, const Beside&) {
  Intake intake("registry");
  const JsonParts root = split_json(document, kMostRecords);
  if (root.bracket == 0)
    return fail(ErrorKind::invalid, "it is no JSON document; the official registry gives JSON");
  const auto each = [&](const Record& record) { read_record(intake, record.text, record.where); };
  const std::string_view servers = root.bracket == '[' ? document : root.find("servers");
  if (servers.starts_with('[') || root.bracket == '[') {
    for_each_record(intake, servers, root.bracket == '[' ? "" : "/servers", each);
  } else if (is_server(document)) {
    read_record(intake, document, "");
  } else {
    return fail(
        ErrorKind::invalid,
        "it has no list \"servers\"; give a page of GET /v0.1/servers, a dump of them, or a server.json");
  }
  if (const std::string_view metadata = root.find("metadata"); !metadata.empty()) {
    json::Reader reader;
    if (const auto read = reader.read(metadata))
      intake.set_next(text_at(*read, {"nextCursor", "next_cursor"}, kMostLink));
  }
  return intake.finish();
}

}  // namespace

constexpr Adapter kRegistryAdapter{"registry", "the official MCP registry", recognises, read};

}  // namespace doorward::catalogue
