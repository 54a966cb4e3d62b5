#include "server/inventory.h"

#include <algorithm>
#include <utility>

#include "http/url.h"
#include "identity/token.h"
#include "policy/actions.h"
#include "server/policy_file.h"
#include "server/secret.h"

namespace doorward::server {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

Result<std::vector<std::pair<std::string, std::string>>> resolve_all(const NamedSecrets& secrets) {
  std::vector<std::pair<std::string, std::string>> values;
  for (const auto& [name, ref] : secrets) {
    auto value = resolve_secret(ref, name);
    if (!value) return std::unexpected(value.error());
    values.emplace_back(name, std::move(*value));
  }
  return values;
}

Result<upstream::HttpTarget> http_target(const ServerConfig& config) {
  const auto url = http::parse_url(config.url);
  if (!url) return std::unexpected(url.error());
  auto headers = resolve_all(config.headers);
  if (!headers) return std::unexpected(headers.error());
  upstream::HttpTarget target;
  target.tls = url->tls;
  target.host = url->host;
  target.port = url->port;
  target.authority = url->authority;
  target.path = url->target;
  target.headers = std::move(*headers);
  return target;
}

Result<upstream::StdioTarget> stdio_target(const ServerConfig& config) {
  auto environment = resolve_all(config.env);
  if (!environment) return std::unexpected(environment.error());
  return upstream::StdioTarget{config.command, std::move(*environment), config.cwd};
}

Status check_actions(const std::vector<ActionConfig>& actions) {
  std::vector<policy::ActionTool> tools;
  for (const ActionConfig& action : actions)
    tools.push_back({action.tool, action.name, action.args, action.list});
  if (auto map = policy::ActionMap::make(tools); !map) return fail(ErrorKind::invalid, map.error());
  return {};
}

}  // namespace

const ServerItem* Inventory::server(std::string_view name) const {
  const auto found =
      std::ranges::find(servers, name, [](const ServerItem& item) { return item.settings->name; });
  return found == servers.end() ? nullptr : &*found;
}

const BundleItem* Inventory::bundle(std::string_view name) const {
  const auto found =
      std::ranges::find(bundles, name, [](const BundleItem& item) { return item.settings->name; });
  return found == bundles.end() ? nullptr : &*found;
}

const BundleItem* Inventory::bundle_with(std::string_view server, std::string_view policy) const {
  const auto found = std::ranges::find_if(bundles, [&](const BundleItem& item) {
    return std::ranges::any_of(item.settings->members, [&](const gateway::BundleMember& member) {
      return member.server == server && (policy.empty() || member.policy == policy);
    });
  });
  return found == bundles.end() ? nullptr : &*found;
}

const PolicyItem* Inventory::policy(std::string_view server, std::string_view name) const {
  const auto found = std::ranges::find_if(
      policies, [&](const PolicyItem& item) { return item.server == server && item.name == name; });
  return found == policies.end() ? nullptr : &*found;
}

const GrantItem* Inventory::grant(std::string_view label) const {
  const auto found = std::ranges::find_if(
      grants, [&](const GrantItem& item) { return item.grant->label == label && !item.grant->is_revoked(); });
  return found == grants.end() ? nullptr : &*found;
}

Result<std::shared_ptr<const gateway::World>> Inventory::world() const {
  std::vector<gateway::World::ServerSetting> server_settings;
  for (const ServerItem& item : servers) {
    gateway::World::ServerSetting setting{item.settings, {}, item.pins};
    for (const RecordedValues& values : recorded) {
      if (values.server != item.settings->name) continue;
      for (const std::string& path : values.paths) setting.logged_values.push_back(values.tool + " " + path);
    }
    server_settings.push_back(std::move(setting));
  }
  const auto compiled = [this](const std::string& of, const std::string& name) {
    const PolicyItem* item = name.empty() ? nullptr : policy(of, name);
    return item == nullptr ? nullptr : item->policy;
  };
  std::vector<gateway::World::BundleSetting> bundle_settings;
  for (const BundleItem& item : bundles) {
    gateway::World::BundleSetting setting{item.settings, {}};
    for (const gateway::BundleMember& member : item.settings->members) {
      setting.policies.push_back(compiled(member.server, member.policy));
    }
    bundle_settings.push_back(std::move(setting));
  }
  std::vector<gateway::World::GrantSetting> grant_settings;
  for (const GrantItem& item : grants) {
    // The server of a revoked grant may be gone; its token is then as unknown as any other.
    if (server(item.grant->server) == nullptr && bundle(item.grant->server) == nullptr) continue;
    grant_settings.push_back({item.grant, compiled(item.grant->server, item.grant->policy)});
  }
  return gateway::World::build(std::move(server_settings), std::move(grant_settings),
                               std::move(bundle_settings));
}

Result<ServerItem> make_server(const ServerConfig& config, const std::string& uuid,
                               const Defaults& defaults) {
  auto settings = std::make_shared<upstream::ServerSettings>();
  settings->name = config.name;
  settings->uuid = uuid;
  if (config.builtin) {
    settings->target = upstream::BuiltinTarget{};
  } else if (!config.url.empty()) {
    auto target = http_target(config);
    if (!target) return std::unexpected(target.error());
    target->transport = config.transport;
    settings->target = std::move(*target);
  } else {
    auto target = stdio_target(config);
    if (!target) return std::unexpected(target.error());
    target->bubblewrap = config.bubblewrap;
    settings->target = std::move(*target);
  }
  settings->protocol = config.protocol;
  if (const Status checked = check_actions(config.actions); !checked) return std::unexpected(checked.error());
  for (const ActionConfig& action : config.actions) {
    settings->actions.push_back({action.tool, action.name, action.args, action.list});
  }
  settings->timeouts.connect = config.timeouts.connect.value_or(defaults.timeouts.connect);
  settings->timeouts.first_byte = config.timeouts.first_byte.value_or(defaults.timeouts.first_byte);
  settings->timeouts.stream_idle = config.timeouts.stream_idle.value_or(defaults.timeouts.stream_idle);
  settings->result_bytes = defaults.result_bytes;
  return ServerItem{config.at, config, std::move(settings)};
}

ServerItem name_server(const ServerConfig& config, const std::string& uuid) {
  auto settings = std::make_shared<upstream::ServerSettings>();
  settings->name = config.name;
  settings->uuid = uuid;
  settings->protocol = config.protocol;
  return {config.at, config, std::move(settings)};
}

std::expected<PolicyItem, Findings> make_policy(const Origin& at, const std::string& server,
                                                const std::string& name, std::uint64_t version,
                                                std::string_view text, const std::string& file,
                                                Findings& warnings) {
  policy::Origin origin;
  origin.name = name;
  origin.version = version;
  origin.server = server;
  auto loaded = load_policy(text, file, std::move(origin));
  const auto place = [&](const policy::Finding& finding) {
    std::string message = finding.message;
    if (!finding.pointer.empty()) message += " (at " + finding.pointer + ")";
    return Finding{{file, finding.line, finding.column}, std::move(message)};
  };
  if (!loaded) {
    Findings errors;
    for (const policy::Finding& finding : loaded.error()) {
      (finding.severity == policy::Severity::error ? errors : warnings).push_back(place(finding));
    }
    return std::unexpected(std::move(errors));
  }
  for (const policy::Finding& finding : loaded->warnings) warnings.push_back(place(finding));
  return PolicyItem{at, server, name, std::move(loaded->policy)};
}

GrantItem make_grant(const store::GrantRow& row, identity::Revocations& revocations) {
  auto grant = std::make_shared<identity::Grant>();
  grant->id = row.id;
  grant->label = row.label;
  grant->owner = row.owner;
  grant->labels = row.labels;
  std::ranges::sort(grant->labels);
  grant->server = row.server;
  grant->policy = row.policy;
  grant->token_hash = row.token_hash;
  grant->version = static_cast<std::uint64_t>(row.version);
  grant->created_s = row.created_us / kSecond;
  // Rounded up: a grant is good up to the very moment it names.
  if (row.expires_us) grant->expires_s = (*row.expires_us + kSecond - 1) / kSecond;
  grant->revoked = revocations.flag(row.id, row.token_hash);
  if (row.revoked_us) revocations.revoke(row.id);
  return GrantItem{{}, std::move(grant), row.token_hint, row.number};
}

void refuse_replaced_tokens(const Inventory& inventory, identity::Revocations& revocations) {
  for (const GrantItem& item : inventory.grants) {
    if (!item.grant->is_revoked()) revocations.revoke_others(item.grant->id, item.grant->token_hash);
  }
}

}  // namespace doorward::server
