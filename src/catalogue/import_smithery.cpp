#include <algorithm>

#include "catalogue/adapters.h"
#include "base/text.h"
#include "catalogue/import_parts.h"
#include "catalogue/json_parts.h"

namespace doorward::catalogue {
namespace {

using namespace parts;

/// Whether what a user has to fill in holds a credential.
bool wants_secret(json::Value schema) {
  return std::ranges::any_of(schema.find("properties").members(), [](json::Member property) {
    const std::string name = lower(property.key.string().substr(0, kMostName));
    return std::ranges::any_of(std::initializer_list<std::string_view>{"key", "token", "secret", "password"},
                               [&](std::string_view word) { return name.find(word) != std::string::npos; });
  });
}

void read_record(Intake& intake, std::string_view text, const std::string& where) {
  const json::Value server = intake.open(text, where);
  if (!server) return;
  Listing listing = intake.begin();
  listing.name = text_at(server, {"qualifiedName"}, kMostName + 1);
  listing.title = text_at(server, {"displayName"}, kMostShort);
  listing.description = text_at(server, {"description"}, kMostText);
  listing.publisher = text_at(server, {"namespace"}, kMostShort);
  if (listing.publisher.empty()) {
    const std::size_t slash = listing.name.find('/');
    if (slash != std::string::npos) listing.publisher = listing.name.substr(0, slash);
  }
  // Most home pages are the server's own page at Smithery, or its repository.
  const std::string home = link_at(intake, server, {"homepage"});
  (home.starts_with("https://github.com/") || home.starts_with("https://gitlab.com/") ? listing.repository
                                                                                      : listing.website) =
      home;
  if (listing.repository.empty())
    listing.repository = link_at(intake, server, {"repository", "repositoryUrl"});
  listing.updated_us = time_at(server, {"updatedAt", "createdAt"});
  std::size_t index = 0;
  for (const json::Value connection : server.find("connections").elements()) {
    const bool secret = wants_secret(connection.find("configSchema"));
    if (secret) listing.auth = "api-key";
    const std::string type = text_at(connection, {"type"}, kMostShort);
    if (type == "http" || type == "sse" || type == "ws") {
      add_remote(intake, listing,
                 {.transport = type,
                  .url = text_at(connection, {"deploymentUrl", "url"}, kMostLink),
                  .needs_secret = secret},
                 where + "/connections/" + std::to_string(index));
    }
    ++index;
  }
  if (listing.remotes.empty()) {
    add_remote(intake, listing, {.transport = "http", .url = text_at(server, {"deploymentUrl"}, kMostLink)},
               where + "/deploymentUrl");
  }
  Tools tools(intake, listing);
  index = 0;
  for (const json::Value tool : server.find("tools").elements()) {
    tools.add_whole(tool, text, where + "/tools/" + std::to_string(index++));
  }
  if (!listing.tools.empty()) listing.tools_known = ToolsKnown::partial;
  intake.take(std::move(listing));
}

bool is_server(std::string_view record) {
  return !split_json(record, kMostRecords).find("qualifiedName").empty();
}

bool recognises(std::string_view document) {
  const JsonParts root = split_json(document, kMostRecords);
  if (root.bracket == '[') return !root.parts.empty() && is_server(root.parts.front().text);
  if (!root.find("qualifiedName").empty()) return true;
  const JsonParts first = split_json(root.find("servers"), 1);
  return first.bracket == '[' && !first.parts.empty() && is_server(first.parts.front().text);
}

Result<Imported> read(std::string_view document, const Beside&) {
  Intake intake("smithery");
  const JsonParts root = split_json(document, kMostRecords);
  const auto each = [&](const Record& record) { read_record(intake, record.text, record.where); };
  if (root.bracket == '[') {
    for_each_record(intake, document, "", each);
  } else if (root.find("servers").starts_with('[')) {
    for_each_record(intake, root.find("servers"), "/servers", each);
  } else if (root.bracket == '{' && !root.find("qualifiedName").empty()) {
    read_record(intake, document, "");
  } else {
    return fail(ErrorKind::invalid,
                "it has neither \"qualifiedName\" nor \"servers\"; give the detail of a server from "
                "Smithery's API, or its list");
  }
  return intake.finish();
}

}  // namespace

constexpr Adapter kSmitheryAdapter{"smithery", "Smithery", recognises, read};

}  // namespace doorward::catalogue
