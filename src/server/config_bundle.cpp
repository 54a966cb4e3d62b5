#include "server/config_bundle.h"

#include <set>
#include <utility>

#include "store/store.h"

namespace doorward::server {
namespace {

gateway::BundleMember read_member(const yaml::Node& node, FileContext& context) {
  Fields fields(node, "a member of a bundle", context);
  gateway::BundleMember member;
  if (auto server = fields.take_text("server")) member.server = std::move(*server);
  if (auto policy = fields.take_text("policy")) member.policy = std::move(*policy);
  member.prefix = member.server;
  if (auto prefix = fields.take_text("prefix")) {
    member.prefix = std::move(*prefix);
    // Neither can hold the separator, so that no two members ever make the same name (T132).
    if (!store::is_server_name(member.prefix)) {
      context.report(*node.find("prefix"),
                     "\"" + member.prefix +
                         "\" is no prefix; use 1 to 64 of a-z, 0-9 and '-' (the '_' behind it "
                         "is put there by the gateway)");
    }
  }
  fields.finish();
  if (node.find("server") == nullptr) fields.missing("server");
  return member;
}

}  // namespace

BundleConfig read_bundle(const yaml::Node& node, FileContext& context) {
  Fields fields(node, "a bundle", context);
  BundleConfig bundle;
  bundle.at = context.at(node);
  gateway::BundleSettings& settings = bundle.settings;
  if (auto name = fields.take_text("name")) settings.name = std::move(*name);
  if (auto names = fields.take_text("names")) {
    if (*names == "conflict") {
      settings.names = gateway::BundleNames::conflict;
    } else if (*names == "never") {
      settings.names = gateway::BundleNames::never;
    } else if (*names != "always") {
      context.report(*node.find("names"), "\"names\" must be always, conflict or never");
    }
  }
  std::set<std::string> servers;
  std::set<std::string> prefixes;
  fields.take_list("members", [&](const yaml::Node& item) {
    gateway::BundleMember member = read_member(item, context);
    if (!member.server.empty() && !servers.insert(member.server).second) {
      context.report(item, "the server \"" + member.server + "\" is a member twice; remove one");
    } else if (!member.prefix.empty() && !prefixes.insert(member.prefix).second) {
      context.report(item, "two members have the prefix \"" + member.prefix + "\"; change one");
    }
    settings.members.push_back(std::move(member));
  });
  fields.finish();
  if (const yaml::Node* name = node.find("name"); name == nullptr) {
    fields.missing("name");
  } else if (!settings.name.empty() && !store::is_server_name(settings.name)) {
    context.report(*name,
                   "\"" + settings.name + "\" is no name for a bundle; use 1 to 64 of a-z, 0-9 and '-'");
  }
  if (settings.members.empty()) {
    context.report(node, "a bundle needs \"members\", the servers that it shows, each with its policy");
  }
  return bundle;
}

}  // namespace doorward::server
