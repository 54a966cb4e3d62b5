#include "gateway/world.h"

#include <charconv>

namespace doorward::gateway {
namespace {

quota::Window window_of(const policy::Limit& limit) {
  switch (limit.window) {
    case policy::WindowKind::day:
      return quota::Window::day();
    case policy::WindowKind::week:
      return quota::Window::week();
    case policy::WindowKind::month:
      return quota::Window::month();
    case policy::WindowKind::rolling:
      break;
  }
  return quota::Window::rolling(static_cast<std::uint32_t>(limit.window_s));
}

/// `tool args.a.b`
LoggedValue parse_logged_value(const std::string& text) {
  LoggedValue value;
  const std::size_t space = text.find(' ');
  value.tool = text.substr(0, space);
  value.path = text.substr(space + 1);
  for (std::size_t at = value.path.find('.'); at != std::string::npos;) {
    const std::size_t next = value.path.find('.', at + 1);
    value.steps.push_back(value.path.substr(at + 1, next == std::string::npos ? next : next - at - 1));
    at = next;
  }
  return value;
}

quota::Demand demand_for_grant(const policy::Policy& policy, const policy::Limit& limit,
                               const identity::Grant& grant, const std::string& server) {
  switch (limit.scope) {
    case policy::Scope::server:
      return demand_of(policy, limit, server, quota::HolderKind::server, server);
    case policy::Scope::organisation:
      return demand_of(policy, limit, {}, quota::HolderKind::organisation, {});
    case policy::Scope::identity:
      if (grant.subject == nullptr) break;  // a token has no identity behind it
      return demand_of(policy, limit, server, quota::HolderKind::identity, grant.subject->key());
    case policy::Scope::grant:
    case policy::Scope::session:  // where the protocol has no session the grant holds
      break;
  }
  return demand_of(policy, limit, server, quota::HolderKind::grant, grant.configured_id());
}

/// What a call under the grant needs at one server.
GrantEntry entry_of(const std::shared_ptr<identity::Grant>& grant, const ServerEntry& server,
                    std::shared_ptr<const policy::Policy> policy) {
  GrantEntry entry;
  entry.grant = grant;
  entry.server = &server;
  entry.policy = std::move(policy);
  entry.subject.label = grant->label;
  entry.subject.labels = grant->labels;
  if (grant->subject) entry.subject.identity = grant->subject->claims->root();
  if (entry.policy) {
    for (const policy::Limit& limit : entry.policy->limits()) {
      // The server's name, also where the grant calls it by its UUID: both ways share one count.
      entry.demands.push_back(demand_for_grant(*entry.policy, limit, *grant, server.settings->name));
      entry.windows.push_back(window_text(entry.demands.back()));
    }
  }
  return entry;
}

}  // namespace

quota::Demand demand_of(const policy::Policy& policy, const policy::Limit& limit, std::string_view server,
                        quota::HolderKind holder_kind, std::string_view holder) {
  // 0xFF occurs in no JSON string, so a block's own counter never meets a named one.
  const std::string counter = limit.own_counter ? "\xff" + limit.counter : limit.counter;
  quota::Demand demand;
  demand.window = window_of(limit);
  demand.zone = &policy.time_zone();
  demand.max = limit.max_millionths;
  demand.key = quota::counter_key({.server = server,
                                   .holder_kind = holder_kind,
                                   .holder = holder,
                                   .counter = counter,
                                   .window = demand.window,
                                   .zone = demand.zone});
  return demand;
}

std::string window_text(const quota::Demand& demand) {
  if (demand.window.kind == quota::Window::Kind::rolling) return std::to_string(demand.window.seconds);
  const std::string_view kind = demand.window.kind == quota::Window::Kind::day    ? "day"
                                : demand.window.kind == quota::Window::Kind::week ? "week"
                                                                                  : "month";
  return std::string(kind) + "@" + (demand.zone != nullptr ? demand.zone->name() : "UTC");
}

std::optional<WindowOfText> parse_window(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos) {
    std::uint32_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size() || seconds == 0) return std::nullopt;
    return WindowOfText{quota::Window::rolling(seconds), nullptr};
  }
  const Result<const TimeZone*> zone = TimeZone::find(text.substr(at + 1));
  if (!zone) return std::nullopt;
  const std::string_view kind = text.substr(0, at);
  if (kind == "day") return WindowOfText{quota::Window::day(), *zone};
  if (kind == "week") return WindowOfText{quota::Window::week(), *zone};
  if (kind == "month") return WindowOfText{quota::Window::month(), *zone};
  return std::nullopt;
}

Result<std::shared_ptr<const World>> World::build(std::vector<ServerSetting> servers,
                                                  std::vector<GrantSetting> grants,
                                                  std::vector<BundleSetting> bundles) {
  auto world = std::make_shared<World>();
  for (ServerSetting& setting : servers) {
    auto entry = std::make_unique<ServerEntry>();
    entry->settings = std::move(setting.settings);
    if (setting.pins) entry->pins = std::move(setting.pins);
    for (const std::string& text : setting.logged_values)
      entry->logged_values.push_back(parse_logged_value(text));
    std::vector<policy::ActionTool> tools;
    for (const upstream::ActionSetting& action : entry->settings->actions) {
      tools.push_back({action.tool, action.name_path, action.args_path, action.actions});
    }
    auto actions = policy::ActionMap::make(tools);
    if (!actions) return fail(ErrorKind::invalid, "server " + entry->settings->name + ": " + actions.error());
    entry->actions = std::move(*actions);
    for (const std::string& name : {entry->settings->name, entry->settings->uuid}) {
      if (!name.empty() && !world->by_name_.emplace(name, entry.get()).second) {
        return fail(ErrorKind::conflict, "two servers are called " + name + ": rename one");
      }
    }
    world->servers_.push_back(std::move(entry));
  }
  for (BundleSetting& setting : bundles) {
    if (const Status added = world->add_bundle(std::move(setting)); !added)
      return std::unexpected(added.error());
  }
  std::vector<std::shared_ptr<identity::Grant>> table;
  for (GrantSetting& setting : grants) {
    table.push_back(setting.grant);
    if (const ServerEntry* server = world->server(setting.grant->server)) {
      world->grants_.push_back(entry_of(setting.grant, *server, std::move(setting.policy)));
      continue;
    }
    const BundleEntry* bundle = world->bundle(setting.grant->server);
    if (bundle == nullptr) {
      return fail(ErrorKind::not_found, "grant " + setting.grant->label + ": there is no server " +
                                            setting.grant->server + "; add it or change the grant");
    }
    GrantEntry& entry = world->grants_.emplace_back();
    entry.grant = setting.grant;
    entry.bundle = bundle;
    for (std::size_t i = 0; i < bundle->servers.size(); ++i) {
      entry.members.push_back(entry_of(setting.grant, *bundle->servers[i], bundle->policies[i]));
    }
  }
  for (std::size_t i = 0; i < world->grants_.size(); ++i) {
    if (world->grants_[i].grant->rule) world->ruled_.push_back(i);
  }
  Result<identity::GrantTable> built = identity::GrantTable::build(std::move(table));
  if (!built) return std::unexpected(built.error());
  world->table_ = std::move(*built);
  return world;
}

Status World::add_bundle(BundleSetting setting) {
  auto entry = std::make_unique<BundleEntry>();
  entry->settings = std::move(setting.settings);
  entry->policies = std::move(setting.policies);
  const BundleSettings& settings = *entry->settings;
  for (const BundleMember& member : settings.members) {
    entry->servers.push_back(server(member.server));
    if (entry->servers.back() == nullptr) {
      return fail(ErrorKind::not_found, "bundle " + settings.name + ": there is no server " + member.server +
                                            "; add it or change the bundle");
    }
  }
  entry->policies.resize(entry->servers.size());
  for (const std::string& name : {settings.name, settings.uuid}) {
    if (!name.empty() && (by_name_.contains(name) || !bundle_by_name_.emplace(name, entry.get()).second)) {
      return fail(ErrorKind::conflict,
                  "a server and a bundle, or two bundles, are called " + name + ": rename one");
    }
  }
  bundles_.push_back(std::move(entry));
  return {};
}

const GrantEntry* World::grant_for(const identity::Subject& subject, std::string_view name_or_uuid) const {
  for (const std::size_t index : ruled_) {
    const GrantEntry& entry = grants_[index];
    if (entry.reached_as(name_or_uuid) && entry.grant->rule->matches(subject)) return &entry;
  }
  return nullptr;
}

GrantEntry entry_for(const GrantEntry& configured, std::shared_ptr<const identity::Subject> subject,
                     identity::RevokedFlag barred) {
  const std::shared_ptr<identity::Grant> grant =
      identity::for_subject(*configured.grant, std::move(subject), std::move(barred));
  if (configured.bundle == nullptr) return entry_of(grant, *configured.server, configured.policy);
  GrantEntry entry;
  entry.grant = grant;
  entry.bundle = configured.bundle;
  for (const GrantEntry& member : configured.members) {
    entry.members.push_back(entry_of(grant, *member.server, member.policy));
  }
  return entry;
}

const ServerEntry* World::server(std::string_view name_or_uuid) const {
  const auto found = by_name_.find(std::string(name_or_uuid));
  return found == by_name_.end() ? nullptr : found->second;
}

const BundleEntry* World::bundle(std::string_view name_or_uuid) const {
  const auto found = bundle_by_name_.find(std::string(name_or_uuid));
  return found == bundle_by_name_.end() ? nullptr : found->second;
}

}  // namespace doorward::gateway
