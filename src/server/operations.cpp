#include "server/operations.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "audit/segment.h"
#include "base/log.h"
#include "base/suggest.h"
#include "identity/token.h"
#include "json/writer.h"
#include "server/event_log.h"
#include "server/secret.h"

namespace doorward::server {
namespace {

template <typename Items, typename Name>
std::string not_found(std::string_view what, std::string_view asked, const Items& items, Name name) {
  std::vector<std::string> names;
  for (const auto& item : items) names.push_back(name(item));
  const std::string_view near = suggest(asked, names);
  return "there is no " + std::string(what) + " \"" + std::string(asked) + "\"" +
         (near.empty() ? "; `doorward " + std::string(what) + " list` shows them"
                       : "; did you mean \"" + std::string(near) + "\"?");
}

std::string findings_json(const Findings& findings) {
  if (findings.empty()) return {};
  std::string out;
  json::Writer writer(out);
  writer.begin_array();
  for (const Finding& finding : findings) {
    writer.begin_object().key("file").string(finding.at.file).key("line").number(finding.at.line);
    writer.key("column").number(finding.at.column).key("message").string(finding.message).end_object();
  }
  writer.end_array();
  return out;
}

}  // namespace

Operations::Operations(store::Store& store, identity::Revocations& revocations, Inventory inventory,
                       Defaults defaults, Surroundings surroundings, const Clock& clock)
    : store_(store),
      revocations_(revocations),
      inventory_(std::move(inventory)),
      defaults_(defaults),
      surroundings_(std::move(surroundings)),
      clock_(clock) {
  using enum identity::Role;
  using Method = Json (Operations::*)(ControlRequest&, const identity::Actor&);
  struct Row {
    std::string_view op;
    identity::Roles roles;
    Method method;
  };
  const Row rows[] = {
      {"status", identity::Roles::all(), &Operations::status},
      {"reload", {}, &Operations::reload},
      {"server.add", {}, &Operations::server_add},
      {"server.list", identity::Roles::all(), &Operations::server_list},
      {"server.show", identity::Roles::all(), &Operations::server_show},
      {"server.remove", {}, &Operations::server_remove},
      {"server.review", {policy_manager}, &Operations::server_review},
      {"policy.add", {policy_manager}, &Operations::policy_add},
      {"policy.list", identity::Roles::all(), &Operations::policy_list},
      {"policy.show", identity::Roles::all(), &Operations::policy_show},
      {"policy.remove", {policy_manager}, &Operations::policy_remove},
      {"policy.revert", {policy_manager}, &Operations::policy_revert},
      {"grant.create", {}, &Operations::grant_create},
      {"grant.list", identity::Roles::all(), &Operations::grant_list},
      {"grant.show", identity::Roles::all(), &Operations::grant_show},
      {"grant.set", {policy_manager}, &Operations::grant_set},
      {"grant.rotate", {}, &Operations::grant_rotate},
      {"grant.revoke", {}, &Operations::grant_revoke},
  };
  for (const Row& row : rows) add(row.op, row.roles, std::bind_front(row.method, this));
}

void Operations::add(std::string_view op, identity::Roles roles, Handler handler) {
  add_late(op, roles,
           [handler = std::move(handler)](ControlRequest& request, const identity::Actor& actor, Reply reply) {
             reply(handler(request, actor));
           });
}

void Operations::add_late(std::string_view op, identity::Roles roles, LateHandler handler) {
  roles.add(identity::Role::admin);
  operations_.insert_or_assign(std::string(op), Operation{roles, std::move(handler)});
}

std::optional<identity::Roles> Operations::roles_of(std::string_view op) const {
  const auto found = operations_.find(op);
  if (found == operations_.end()) return std::nullopt;
  return found->second.roles;
}

std::vector<std::string> Operations::names() const {
  std::vector<std::string> names;
  for (const auto& [name, operation] : operations_) names.push_back(name);
  return names;
}

void Operations::handle(std::string text, const identity::Actor& actor, admin::Done done) {
  const auto refuse = [&](Error error) { done(std::unexpected(admin::Failure{std::move(error), {}})); };
  const auto request = ControlRequest::read(std::move(text));
  if (!request) return refuse(request.error());
  const auto found = operations_.find((*request)->op());
  if (found == operations_.end()) {
    return refuse({ErrorKind::invalid, "this gateway has no operation \"" + (*request)->op() +
                                           "\"; command and gateway must be of one version"});
  }
  if (!actor.roles.intersects(found->second.roles)) {
    return refuse({ErrorKind::denied, "this is for " + to_string(found->second.roles) + ", and " + actor.name +
                                          " is " + to_string(actor.roles)});
  }
  findings_.clear();
  ++turn_;
  found->second.handler(**request, actor, [this, turn = turn_, done = std::move(done)](Json result) mutable {
    if (result) return done(std::move(*result));
    // Of a late answer they may be another operation's.
    const std::string findings = turn == turn_ ? findings_json(findings_) : std::string();
    done(std::unexpected(admin::Failure{std::move(result.error()), findings}));
  });
}

Status Operations::replace(Inventory inventory, const Defaults& defaults) {
  if (Status done = commit(std::move(inventory)); !done) return done;
  defaults_ = defaults;
  return {};
}

Status Operations::renew_secrets() {
  if (!surroundings_.swap) return {};
  Inventory next = inventory_;
  std::vector<const ServerItem*> changed;
  for (ServerItem& item : next.servers) {
    bool refers = false;
    for_each_reference(item.config, [&](const SecretRef& ref) { refers = refers || is_secret(ref) || ref.source == SecretRef::Source::lent; });
    if (!refers) continue;
    const std::string uuid = item.settings->uuid;
    auto renewed = make_server(item.config, uuid, defaults_);
    if (!renewed) renewed = withhold_server(item.config, uuid, defaults_, renewed.error().message);
    if (!renewed) return std::unexpected(renewed.error());
    if (*renewed->settings == *item.settings) continue;
    item.settings = std::move(renewed->settings);
    changed.push_back(&item);
  }
  if (changed.empty()) return {};
  std::vector<std::pair<std::string, std::string>> told;
  for (const ServerItem* item : changed) told.emplace_back(item->settings->name, item->settings->withheld);
  if (Status done = commit(std::move(next)); !done) return done;
  for (const auto& [server, withheld] : told) {
    std::vector<audit::EventRecord::Field> fields = {{"server", std::string_view(server)}};
    if (!withheld.empty()) fields.push_back({"reason", std::string_view(withheld)});
    record(withheld.empty() ? "server.credentials_renewed" : "server.withheld", fields);
  }
  return {};
}

Status Operations::check(const Inventory& next) const {
  if (!surroundings_.swap) return {};
  const auto world = next.world();
  if (!world) return std::unexpected(world.error());
  return {};
}

Status Operations::commit(Inventory next) {
  if (surroundings_.swap) {
    auto world = next.world();
    if (!world) return std::unexpected(world.error());
    const Inventory before = std::exchange(inventory_, std::move(next));
    surroundings_.swap(std::move(*world));
    refuse_replaced_tokens(inventory_, before, revocations_);
    return {};
  }
  inventory_ = std::move(next);
  return {};
}

void Operations::record(std::string_view event, const identity::Actor& actor,
                        std::vector<audit::EventRecord::Field> fields) {
  record(event, by_actor(actor, std::move(fields)));
}

void Operations::record(std::string_view event, std::span<const audit::EventRecord::Field> fields) {
  if (surroundings_.record && !surroundings_.record(event, fields)) {
    log_line(LogLevel::error, "an operation could not be recorded in the log", {{"event", event}});
  }
}

Result<const ServerItem*> Operations::need_server(std::string_view name) const {
  if (const ServerItem* item = inventory_.server(name)) return item;
  return fail(ErrorKind::not_found, not_found("server", name, inventory_.servers,
                                              [](const ServerItem& item) { return item.settings->name; }));
}

Result<const PolicyItem*> Operations::need_policy(std::string_view name,
                                                  const std::optional<std::string>& server) const {
  const PolicyItem* found = nullptr;
  for (const PolicyItem& item : inventory_.policies) {
    if (item.name != name || (server && item.server != *server)) continue;
    if (found != nullptr) {
      return fail(ErrorKind::conflict, "servers \"" + found->server + "\" and \"" + item.server +
                                           "\" both have a policy \"" + std::string(name) +
                                           "\"; add --server NAME");
    }
    found = &item;
  }
  if (found != nullptr) return found;
  return fail(ErrorKind::not_found, not_found("policy", name, inventory_.policies,
                                              [](const PolicyItem& item) { return item.name; }));
}

Result<const GrantItem*> Operations::need_grant(std::string_view name) const {
  const std::optional<Digest> key_id = identity::is_token(name) ? identity::hash_token(name) : audit::parse_digest(name);
  const GrantItem* labelled = inventory_.grant(name);
  const GrantItem* found = labelled;
  for (const GrantItem& item : inventory_.grants) {
    const identity::Grant& grant = *item.grant;
    const bool numbered = item.number > 0 && name == std::to_string(item.number);
    if (!numbered && grant.id != name && key_id != grant.token_hash) continue;
    if (labelled != nullptr && labelled != &item) {
      return fail(ErrorKind::conflict, "\"" + std::string(name) + "\" is the label of one grant and the number of "
                                       "another; name it by its UUID");
    }
    found = &item;
  }
  if (found != nullptr) return found;
  // What may be a token is not repeated.
  if (identity::is_token(name)) return fail(ErrorKind::not_found, "there is no grant with that token");
  return fail(ErrorKind::not_found, not_found("grant", name, inventory_.grants,
                                              [](const GrantItem& item) { return item.grant->label; }));
}

Operations::Json Operations::status(ControlRequest& request, const identity::Actor&) {
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  std::string out;
  json::Writer writer(out);
  const auto live = std::ranges::count_if(inventory_.grants,
                                          [](const GrantItem& item) { return !item.grant->is_revoked(); });
  writer.begin_object().key("schema").string("doorward.status/1").key("version").string(DOORWARD_VERSION);
  writer.key("running").boolean(surroundings_.swap != nullptr);
  writer.key("servers").number(inventory_.servers.size()).key("policies").number(inventory_.policies.size());
  writer.key("grants").number(live);
  if (surroundings_.status) surroundings_.status(writer);
  writer.end_object();
  return out;
}

Operations::Json Operations::reload(ControlRequest& request, const identity::Actor&) {
  if (const Status read = request.finish(); !read) return std::unexpected(read.error());
  if (!surroundings_.reload)
    return fail(ErrorKind::unavailable, "no gateway runs on this state directory; start one");
  findings_ = surroundings_.reload();
  if (!findings_.empty()) {
    return fail(ErrorKind::invalid,
                "the configuration was not taken and the old one stays in force; correct the findings");
  }
  return std::string(R"({"schema":"doorward.reload/1"})");
}

}  // namespace doorward::server
