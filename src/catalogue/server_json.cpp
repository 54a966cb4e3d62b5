#include "catalogue/server_json.h"

#include <algorithm>
#include <string>

namespace doorward::catalogue::parts {
namespace {

constexpr std::string_view kPublisherMeta = "io.modelcontextprotocol.registry/publisher-provided";

bool has_secret(json::Value inputs) {
  return std::ranges::any_of(inputs.elements(), [](json::Value input) {
    return is_true(input, {"isSecret", "is_secret"}) ||
           std::ranges::any_of(input.find("variables").members(), [](json::Member variable) {
             return is_true(variable.value, {"isSecret", "is_secret"});
           });
  });
}

void read_package(json::Value entry, Listing& listing, bool& secret) {
  Package package;
  package.registry =
      text_at(entry, {"registryType", "registry_type", "registry_name", "registryName"}, kMostShort);
  package.identifier = text_at(entry, {"identifier", "name"}, kMostLink);
  package.version = text_at(entry, {"version"}, kMostShort);
  package.transport = text_at(entry.find("transport"), {"type"}, kMostShort);
  secret = secret || has_secret(entry.find("environmentVariables")) ||
           has_secret(entry.find("environment_variables")) || has_secret(entry.find("packageArguments")) ||
           has_secret(entry.find("package_arguments"));
  // A bundle is named by where it is fetched from.
  if (package.identifier.find("://") != std::string::npos && !is_link(package.identifier)) return;
  add_package(listing, std::move(package));
}

void read_remote(Intake& intake, json::Value entry, std::string_view where, Listing& listing) {
  Remote remote;
  remote.transport = text_at(entry, {"type", "transport_type", "transport"}, kMostShort);
  remote.url = text_at(entry, {"url"}, kMostLink);
  bool secret = has_secret(entry.find("headers"));
  for (const json::Member variable : entry.find("variables").members()) {
    secret = secret || is_true(variable.value, {"isSecret", "is_secret"});
  }
  remote.needs_secret = secret;
  add_remote(intake, listing, std::move(remote), where);
}

void read_tools(Intake& intake, json::Value said, std::string_view text, std::string_view where,
                Listing& listing) {
  Tools tools(intake, listing);
  bool all_defined = true;
  const auto read_one = [&](json::Value holder) {
    std::size_t index = 0;
    for (const json::Value tool : holder.find("tool_definitions").elements()) {
      tools.add_whole(tool, text, std::string(where) + "/tool_definitions/" + std::to_string(index++));
    }
    const std::size_t defined = listing.tools.size();
    index = 0;
    for (const json::Value name : holder.find("tools").elements()) {
      if (name.is(json::Type::string)) {
        tools.add_name(name.string(), std::string(where) + "/tools/" + std::to_string(index++));
      }
    }
    all_defined = all_defined && listing.tools.size() == defined;
  };
  // `<publisher>` holds it, or `<publisher>.<package or URL>` does.
  for (const json::Member publisher : said.members()) {
    read_one(publisher.value);
    for (const json::Member place : publisher.value.members()) read_one(place.value);
  }
  if (listing.tools.empty()) return;
  listing.tools_known = all_defined ? ToolsKnown::whole : ToolsKnown::partial;
}

}  // namespace

void read_server_json(Intake& intake, json::Value server, std::string_view text, std::string_view where,
                      Listing& listing) {
  listing.name = text_at(server, {"name"}, kMostName + 1);
  listing.title = text_at(server, {"title"}, kMostShort);
  listing.description = text_at(server, {"description"}, kMostText);
  listing.version = text_at(server, {"version"}, kMostShort);
  if (listing.version.empty())
    listing.version = text_at(server.find("version_detail"), {"version"}, kMostShort);
  listing.repository = link_at(intake, server.find("repository"), {"url"});
  listing.website = link_at(intake, server, {"websiteUrl", "website_url"});
  if (const std::size_t slash = listing.name.find('/'); slash != std::string::npos) {
    listing.publisher = listing.name.substr(0, slash);
  }
  bool secret = false;
  for (const json::Value entry : server.find("packages").elements()) read_package(entry, listing, secret);
  std::size_t index = 0;
  for (const json::Value entry : server.find("remotes").elements()) {
    read_remote(intake, entry, std::string(where) + "/remotes/" + std::to_string(index++), listing);
  }
  secret = secret || std::ranges::any_of(listing.remotes, &Remote::needs_secret);
  if (secret) listing.auth = "api-key";
  read_tools(intake, server.find("_meta").find(kPublisherMeta), text, where, listing);
  const std::string status = text_at(server, {"status"}, kMostShort);
  listing.gone = status == "deleted" || status == "deprecated";
}

}  // namespace doorward::catalogue::parts
