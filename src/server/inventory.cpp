#include "server/inventory.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/hash.h"
#include "http/url.h"
#include "identity/token.h"
#include "json/writer.h"
#include "policy/actions.h"
#include "server/config_oauth.h"
#include "server/policy_file.h"
#include "server/sealed_secrets.h"
#include "server/secret.h"

namespace doorward::server {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

/// Fetches the values of one server, and remembers which of them are secret.
class Credentials {
 public:
  explicit Credentials(SealedSecrets* sealed) : sealed_(sealed) {}
  Credentials(const Credentials&) = delete;
  Credentials& operator=(const Credentials&) = delete;
  ~Credentials() {
    for (std::string& secret : secrets_) wipe(secret);
  }

  Result<std::string> fetch(const SecretRef& ref, const std::string& name, SecretForm form = SecretForm::line) {
    auto value = resolve_secret(ref, name, sealed_, form);
    if (value && is_secret(ref) && value->size() > ref.prefix.size()) secrets_.push_back(value->substr(ref.prefix.size()));
    return value;
  }
  Result<std::vector<std::pair<std::string, std::string>>> fetch_all(const NamedSecrets& references) {
    std::vector<std::pair<std::string, std::string>> values;
    for (const auto& [name, ref] : references) {
      auto value = fetch(ref, name);
      if (!value) return std::unexpected(value.error());
      values.emplace_back(name, std::move(*value));
    }
    return values;
  }
  upstream::Masking masking() const { return {upstream::Masker::make(secrets_)}; }

 private:
  SealedSecrets* sealed_;
  std::vector<std::string> secrets_;
};

Result<upstream::HttpTarget> http_target(const ServerConfig& config, Credentials& credentials) {
  const auto url = http::parse_url(config.url);
  if (!url) return std::unexpected(url.error());
  auto headers = credentials.fetch_all(config.headers);
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

Result<upstream::StdioTarget> stdio_target(const ServerConfig& config, Credentials& credentials) {
  auto environment = credentials.fetch_all(config.env);
  if (!environment) return std::unexpected(environment.error());
  return upstream::StdioTarget{config.command, std::move(*environment), config.cwd};
}

Result<std::vector<upstream::InjectedArgument>> injected_arguments(const ServerConfig& config,
                                                                   Credentials& credentials) {
  std::vector<upstream::InjectedArgument> injected;
  for (const InjectConfig& inject : config.inject) {
    auto value = credentials.fetch(inject.value, inject.argument);
    if (!value) return std::unexpected(value.error());
    upstream::InjectedArgument& argument = injected.emplace_back(inject.argument, std::string(), inject.tools);
    json::append_string(argument.value, *value);
    wipe(*value);
  }
  return injected;
}

/// Why a server waits for a client, or nothing: a value that only a client has was not handed over yet.
std::string what_is_not_lent(const ServerConfig& config, const SealedSecrets* sealed) {
  std::string waits;
  for_each_reference(config, [&](const SecretRef& ref) {
    if (ref.source != SecretRef::Source::lent || (sealed != nullptr && sealed->lent(ref.text) != nullptr)) return;
    waits = "it waits for " + ref.text + ", which a client hands over by `doorward connect`; start that client";
  });
  return waits;
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
  if (const std::string waits = what_is_not_lent(config, defaults.sealed); !waits.empty()) {
    return withhold_server(config, uuid, defaults, waits);
  }
  auto settings = std::make_shared<upstream::ServerSettings>();
  settings->name = config.name;
  settings->uuid = uuid;
  Credentials credentials(defaults.sealed);
  if (config.builtin) {
    settings->target = upstream::BuiltinTarget{};
  } else if (!config.url.empty()) {
    auto target = http_target(config, credentials);
    if (!target) return std::unexpected(target.error());
    target->transport = config.transport;
    if (config.oauth) {
      auto oauth = resolve_oauth(
          *config.oauth, [&](const SecretRef& ref, const std::string& name, SecretForm form) {
            return credentials.fetch(ref, name, form);
          });
      if (!oauth) return std::unexpected(oauth.error());
      target->oauth = std::move(*oauth);
    }
    settings->target = std::move(*target);
  } else {
    auto target = stdio_target(config, credentials);
    if (!target) return std::unexpected(target.error());
    target->bubblewrap = config.bubblewrap;
    target->hidden = defaults.state_directory;
    settings->target = std::move(*target);
  }
  auto injected = injected_arguments(config, credentials);
  if (!injected) return std::unexpected(injected.error());
  settings->injected = std::move(*injected);
  settings->masking = credentials.masking();
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

Result<ServerItem> withhold_server(const ServerConfig& config, const std::string& uuid, const Defaults& defaults,
                                   const std::string& why) {
  ServerConfig bare = config;
  bare.headers.clear();
  bare.env.clear();
  bare.inject.clear();
  auto item = make_server(bare, uuid, defaults);
  if (!item) return item;
  auto settings = std::make_shared<upstream::ServerSettings>(*item->settings);
  settings->withheld = why;
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
                                                Findings& warnings, FailingTest failing) {
  policy::Origin origin;
  origin.draft = failing == FailingTest::warning;
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

void refuse_replaced_tokens(const Inventory& inventory, const Inventory& before, identity::Revocations& revocations) {
  std::set<std::string_view> ids;
  for (const GrantItem& item : inventory.grants) ids.insert(item.grant->id);
  for (const GrantItem& item : before.grants) {
    if (!ids.contains(item.grant->id)) revocations.drop(item.grant->id);
  }
  for (const GrantItem& item : inventory.grants) {
    if (!item.grant->is_revoked()) revocations.revoke_others(item.grant->id, item.grant->token_hash);
  }
}

}  // namespace doorward::server
