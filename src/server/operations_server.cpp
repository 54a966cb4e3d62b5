#include <algorithm>
#include <utility>

#include "admin/mcp_tools.h"
#include "base/ids.h"
#include "json/writer.h"
#include "server/config_server.h"
#include "server/operations.h"
#include "server/owned.h"

namespace doorward::server {
namespace {

/// The name under which the admin MCP server's own policy is added with it.
constexpr std::string_view kShippedPolicy = "admin";

}  // namespace

void Operations::write_server(json::Writer& writer, const ServerItem& item) const {
  writer.begin_object().key("name").string(item.settings->name);
  if (!item.settings->uuid.empty()) writer.key("id").string(item.settings->uuid);
  writer.key("owner").string(owner_text(item.at)).key("settings").raw(server_settings_json(item.config));
  writer.end_object();
}

void Operations::write_bundle(json::Writer& writer, const BundleItem& item) const {
  const gateway::BundleSettings& settings = *item.settings;
  writer.begin_object().key("name").string(settings.name);
  if (!settings.uuid.empty()) writer.key("id").string(settings.uuid);
  writer.key("owner").string(owner_text(item.at)).key("names").string(gateway::to_string(settings.names));
  writer.key("members").begin_array();
  for (const gateway::BundleMember& member : settings.members) {
    writer.begin_object().key("server").string(member.server).key("policy").string(member.policy);
    writer.key("prefix").string(member.prefix).end_object();
  }
  writer.end_array().end_object();
}

Operations::Json Operations::server_add(ControlRequest& request, const identity::Actor& actor) {
  const std::string name = request.need_text("name");
  const std::string settings = request.need_json("settings");
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  if (const ServerItem* twin = inventory_.server(name)) {
    return fail(ErrorKind::conflict, "there is a server \"" + name + "\" already (" + owner_text(twin->at) +
                                         "); choose another name or remove that one");
  }
  if (const BundleItem* twin = inventory_.bundle(name)) {
    return fail(ErrorKind::conflict, "there is a bundle \"" + name + "\" already (" + owner_text(twin->at) +
                                         "); choose another name");
  }
  auto config = parse_server_settings(name, settings);
  if (!config) {
    findings_ = std::move(config.error());
    return fail(ErrorKind::invalid, findings_.front().message);
  }
  const std::string uuid = make_uuid();
  auto item = surroundings_.swap ? make_server(*config, uuid, defaults_)
                                 : Result<ServerItem>(name_server(*config, uuid));
  if (!item) return std::unexpected(item.error());

  Inventory next = inventory_;
  next.servers.push_back(*item);
  if (const Status good = check(next); !good) return std::unexpected(good.error());
  const auto row = store_.add_server(name, uuid, server_settings_json(*config), clock_.wall_us());
  if (!row) return std::unexpected(row.error());
  if (const Status done = commit(std::move(next)); !done) return std::unexpected(done.error());
  record("server.added", actor, {{"server", name}, {"id", uuid}});
  if (config->builtin) {
    const auto shipped = store_.put_policy(name, kShippedPolicy, admin::mcp_policy(), actor.name,
                                           "ships with the admin MCP server", clock_.wall_us());
    if (!shipped) return std::unexpected(shipped.error());
    if (const Json put = put_policy(*shipped, "policy.added", actor); !put) return put;
  }

  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.server/1").key("server");
  write_server(writer, *item);
  writer.end_object();
  return out;
}

Operations::Json Operations::server_list(ControlRequest& request, const identity::Actor&) {
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  std::vector<const ServerItem*> items;
  for (const ServerItem& item : inventory_.servers) items.push_back(&item);
  std::ranges::sort(items, {}, [](const ServerItem* item) { return item->settings->name; });
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.server.list/1").key("servers").begin_array();
  for (const ServerItem* item : items) write_server(writer, *item);
  writer.end_array().key("bundles").begin_array();
  std::vector<const BundleItem*> bundles;
  for (const BundleItem& item : inventory_.bundles) bundles.push_back(&item);
  std::ranges::sort(bundles, {}, [](const BundleItem* item) { return item->settings->name; });
  for (const BundleItem* item : bundles) write_bundle(writer, *item);
  writer.end_array().end_object();
  return out;
}

Operations::Json Operations::server_show(ControlRequest& request, const identity::Actor&) {
  const std::string name = request.need_text("name");
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  const auto item = need_server(name);
  if (!item) return std::unexpected(item.error());
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.server/1").key("server");
  write_server(writer, **item);
  writer.end_object();
  return out;
}

Operations::Json Operations::server_remove(ControlRequest& request, const identity::Actor& actor) {
  const std::string name = request.need_text("name");
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  const auto item = need_server(name);
  if (!item) return std::unexpected(item.error());
  if (auto owned = refuse_owned("server", name, (*item)->at)) return std::unexpected(std::move(*owned));
  for (const PolicyItem& policy : inventory_.policies) {
    if (policy.server != name) continue;
    return fail(ErrorKind::conflict, "the policy \"" + policy.name + "\" is for this server (" +
                                         owner_text(policy.at) + "); remove the policy first");
  }
  for (const GrantItem& grant : inventory_.grants) {
    if (grant.grant->server != name || grant.grant->is_revoked()) continue;
    return fail(ErrorKind::conflict, "the grant \"" + grant.grant->label + "\" is for this server (" +
                                         owner_text(grant.at) + "); revoke the grant first");
  }
  if (const BundleItem* bundle = inventory_.bundle_with(name)) {
    return fail(ErrorKind::conflict, "the server is a member of the bundle \"" + bundle->settings->name +
                                         "\" (" + owner_text(bundle->at) + "); change the bundle first");
  }
  if (const Status removed = store_.remove_server(name); !removed) return std::unexpected(removed.error());
  if (const Status forgot = store_.forget_tools(name); !forgot) return std::unexpected(forgot.error());
  Inventory next = inventory_;
  std::erase_if(next.servers, [&](const ServerItem& server) { return server.settings->name == name; });
  if (const Status done = commit(std::move(next)); !done) return std::unexpected(done.error());
  record("server.removed", actor, {{"server", name}});
  std::string out;
  json::Writer(out)
      .begin_object()
      .key("schema")
      .string("doorward.server.remove/1")
      .key("name")
      .string(name)
      .end_object();
  return out;
}

}  // namespace doorward::server
