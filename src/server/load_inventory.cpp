#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/encoding.h"
#include "base/hash.h"
#include "base/suggest.h"
#include "identity/token.h"
#include "io/file.h"
#include "server/config_server.h"
#include "server/categories.h"
#include "server/inventory.h"
#include "server/pins.h"
#include "server/policy_file.h"
#include "server/remembered.h"
#include "server/secret.h"
#include "server/time_text.h"

namespace doorward::server {
namespace {

std::string digest_of(std::string_view text) {
  return to_hex(sha256(text));
}

/// Builds one inventory; collects what is wrong instead of stopping at the first.
class Loader {
 public:
  Loader(const Config& config, store::Store& store, identity::Revocations& revocations, std::int64_t now_us,
         Loading loading, SealedSecrets* sealed)
      : config_(config),
        store_(store),
        revocations_(revocations),
        now_us_(now_us),
        names_only_(loading == Loading::names),
        defaults_{config.timeouts, config.limits.result, sealed} {}

  std::expected<Inventory, Findings> load() {
    inventory_.recorded = config_.log.values;
    yaml_servers();
    stored_servers();
    yaml_policies();
    stored_policies();
    yaml_bundles();
    yaml_grants();
    stored_grants();
    for (const RecordedValues& values : config_.log.values) {
      if (inventory_.server(values.server) == nullptr) {
        report({config_.file}, "log.values names the server \"" + values.server + "\", which nobody defines" +
                                   near(values.server, server_names()));
      }
    }
    if (names_only_) {
      std::ranges::move(findings_, std::back_inserter(inventory_.warnings));
      return std::move(inventory_);
    }
    if (!findings_.empty()) return std::unexpected(std::move(findings_));
    return std::move(inventory_);
  }

 private:
  void report(Origin at, std::string message) { findings_.push_back({std::move(at), std::move(message)}); }
  void report(Origin at, const Error& error) { report(std::move(at), error.message); }

  template <typename Rows>
  bool fetch(const Result<Rows>& rows) {
    if (!rows) report({}, rows.error());
    return rows.has_value();
  }

  static std::string near(std::string_view word, const std::vector<std::string>& names) {
    const std::string_view found = suggest(word, names);
    return found.empty() ? std::string("; define it or correct the name")
                         : "; did you mean \"" + std::string(found) + "\"?";
  }

  std::vector<std::string> server_names() const {
    std::vector<std::string> names;
    for (const ServerItem& item : inventory_.servers) names.push_back(item.settings->name);
    for (const std::string& name : failed_servers_) names.push_back(name);
    return names;
  }

  std::vector<std::string> policy_names(std::string_view server) const {
    std::vector<std::string> names;
    for (const PolicyItem& item : inventory_.policies) {
      if (item.server == server) names.push_back(item.name);
    }
    return names;
  }

  bool knows_server(const std::string& name) const {
    return inventory_.server(name) != nullptr || failed_servers_.contains(name);
  }
  bool knows_policy(const std::string& server, const std::string& name) const {
    return inventory_.policy(server, name) != nullptr || failed_policies_.contains({server, name});
  }

  void add_server(const ServerConfig& config, const std::string& uuid, const Origin& at) {
    auto item =
        names_only_ ? Result<ServerItem>(name_server(config, uuid)) : make_server(config, uuid, defaults_);
    if (!item) {
      failed_servers_.insert(config.name);
      return report(at, item.error());
    }
    if (!names_only_) {
      if (const Status settled = settle_categories(store_, *item->settings, now_us_); !settled) {
        return report(at, settled.error());
      }
      auto pins = load_pins(store_, *item->settings);
      if (!pins) return report(at, pins.error());
      item->pins = std::move(*pins);
    }
    inventory_.servers.push_back(std::move(*item));
  }

  void yaml_servers() {
    for (const ServerConfig& config : config_.servers) {
      if (names_only_) {
        add_server(config, "", config.at);
        continue;
      }
      const auto known = remember(store_, "server", config.name, "", now_us_);
      if (!known) {
        report(config.at, known.error());
        continue;
      }
      add_server(config, known->id, config.at);
    }
  }

  void stored_servers() {
    const auto rows = store_.servers();
    if (!fetch(rows)) return;
    for (const store::ServerRow& row : *rows) {
      const auto twin = std::ranges::find(config_.servers, row.name, &ServerConfig::name);
      if (twin != config_.servers.end()) {
        report(twin->at, "server \"" + row.name +
                             "\" was also made by a command; remove it here, or there with "
                             "`doorward server remove " +
                             row.name + "`");
        continue;
      }
      const auto config = parse_server_settings(row.name, row.settings);
      const Origin at{"server \"" + row.name + "\" in the store"};
      if (!config) {
        failed_servers_.insert(row.name);
        for (const Finding& finding : config.error()) report(at, finding.message);
        continue;
      }
      add_server(*config, row.uuid, at);
    }
  }

  void add_policy(const Origin& at, const std::string& server, const std::string& name, std::uint64_t version,
                  std::string_view text, const std::string& file) {
    // What the store holds was published, over a failing test or not.
    auto item = make_policy(at, server, name, version, text, file, inventory_.warnings,
                            at.file.empty() ? FailingTest::warning : FailingTest::error);
    if (!item) {
      failed_policies_.emplace(server, name);
      std::ranges::move(item.error(), std::back_inserter(findings_));
      return;
    }
    inventory_.policies.push_back(std::move(*item));
  }

  void yaml_policies() {
    for (const PolicyConfig& policy : config_.policies) {
      if (!knows_server(policy.server)) {
        report(policy.at, "policy \"" + policy.name + "\" is for the server \"" + policy.server +
                              "\", which nobody defines" + near(policy.server, server_names()));
      }
      const auto text = io::read_file(policy.file, kPolicyBytes);
      if (!text) {
        failed_policies_.emplace(policy.server, policy.name);
        report(policy.at, text.error());
        continue;
      }
      const auto known = names_only_ ? Result<Remembered>()
                                     : remember(store_, "policy", policy.server + "/" + policy.name,
                                                digest_of(*text), now_us_);
      if (!known) {
        report(policy.at, known.error());
        continue;
      }
      add_policy(policy.at, policy.server, policy.name, known->version, *text, policy.file);
    }
  }

  void stored_policies() {
    const auto rows = store_.policies();
    if (!fetch(rows)) return;
    for (const store::PolicyRow& row : *rows) {
      const auto twin = std::ranges::find_if(config_.policies, [&](const PolicyConfig& policy) {
        return policy.server == row.server && policy.name == row.name;
      });
      if (twin != config_.policies.end()) {
        report(twin->at,
               "policy \"" + row.name + "\" of server \"" + row.server +
                   "\" was also made by a command; remove it here, or there with `doorward policy remove " +
                   row.name + " --server " + row.server + "`");
        continue;
      }
      const std::string file = "policy \"" + row.name + "\" of server \"" + row.server + "\" in the store";
      if (!knows_server(row.server))
        report({file}, "its server is gone; add the server or remove the policy");
      const auto version = store_.current_policy(row.server, row.name);
      if (!fetch(version)) continue;
      add_policy({}, row.server, row.name, static_cast<std::uint64_t>(version->version), version->text, file);
    }
  }

  /// Reports the names that two members of a bundle without prefixes have, as far as their tools were
  /// reviewed. What a server merely shows decides nothing: it could keep the gateway from starting.
  void check_bundle_names(const BundleConfig& config) {
    policy::Scratch scratch;
    std::map<std::string_view, std::string_view> first;
    for (const gateway::BundleMember& member : config.settings.members) {
      const ServerItem* server = inventory_.server(member.server);
      const PolicyItem* policy = inventory_.policy(member.server, member.policy);
      if (server == nullptr || server->pins == nullptr || policy == nullptr) continue;
      for (const auto& [name, pin] : server->pins->tools) {
        policy::Call call;
        call.tool = name;
        call.server = member.server;
        if (!pin.reviewed || !policy::listed(policy->policy.get(), call, scratch)) continue;
        const auto [holder, fresh] = first.emplace(name, member.server);
        if (fresh) continue;
        report(config.at, "bundle \"" + config.settings.name + "\" has no prefixes, and its members \"" +
                              std::string(holder->second) + "\" and \"" + member.server +
                              "\" both have a tool \"" + name +
                              "\"; use \"names: conflict\", or hide one of the two by its policy");
      }
    }
  }

  void yaml_bundles() {
    for (const BundleConfig& config : config_.bundles) {
      const std::string what = "bundle \"" + config.settings.name + "\"";
      if (knows_server(config.settings.name)) {
        report(config.at, what +
                              " has the name of a server that a command made; rename the bundle, or remove "
                              "the server with `doorward server remove " +
                              config.settings.name + "`");
      }
      for (const gateway::BundleMember& member : config.settings.members) {
        if (!knows_server(member.server)) {
          report(config.at, what + " has the member \"" + member.server + "\", which nobody defines" +
                                near(member.server, server_names()));
        } else if (!member.policy.empty() && !knows_policy(member.server, member.policy)) {
          report(config.at, what + " gives its member \"" + member.server + "\" the policy \"" +
                                member.policy + "\", which that server does not have" +
                                near(member.policy, policy_names(member.server)));
        }
      }
      if (config.settings.names == gateway::BundleNames::never) check_bundle_names(config);
      auto settings = std::make_shared<gateway::BundleSettings>(config.settings);
      if (!names_only_) {
        const auto known = remember(store_, "bundle", settings->name, "", now_us_);
        if (!known) {
          report(config.at, known.error());
          continue;
        }
        settings->uuid = known->id;
      }
      inventory_.bundles.push_back({config.at, std::move(settings)});
    }
  }

  /// Reports what a grant names and nobody defines.
  void check_names(const Origin& at, const std::string& label, const std::string& server,
                   const std::string& policy) {
    if (inventory_.bundle(server) != nullptr) {
      if (!policy.empty()) {
        report(at, "grant \"" + label + "\" is for the bundle \"" + server +
                       "\", whose members carry policies of their own; remove \"policy\"");
      }
    } else if (!knows_server(server)) {
      report(at, "grant \"" + label + "\" is for the server \"" + server + "\", which nobody defines" +
                     near(server, server_names()));
    } else if (!policy.empty() && !knows_policy(server, policy)) {
      report(at, "grant \"" + label + "\" carries the policy \"" + policy + "\", which server \"" + server +
                     "\" does not have" + near(policy, policy_names(server)));
    }
  }

  bool take_token(const GrantConfig& config, store::GrantRow& row) {
    auto token = resolve_secret(config.token, "token");
    if (!token) {
      report(config.at, token.error());
      return false;
    }
    const bool good = identity::is_token(*token);
    if (good) {
      row.token_hash = identity::hash_token(*token);
      row.token_hint = identity::token_hint(*token);
    } else {
      report(config.at, "the token of grant \"" + config.label +
                            "\" is no Doorward token; make one with `doorward grant token`");
    }
    wipe(*token);
    return good;
  }

  void yaml_grants() {
    for (const GrantConfig& config : config_.grants) {
      check_names(config.at, config.label, config.server, config.policy);
      store::GrantRow row;
      if (config.rule) {
        row.token_hash = config.rule->digest();
      } else if (!names_only_ && !take_token(config, row)) {
        continue;
      }
      row.label = config.label;
      row.owner = config.owner;
      row.labels = config.labels;
      std::ranges::sort(row.labels);
      row.server = config.server;
      row.policy = config.policy;
      if (config.expires && !(row.expires_us = parse_time(*config.expires))) {
        report(config.at, "\"expires\" names a day that does not exist");
      }
      if (names_only_) {
        inventory_.grants.push_back(make_grant(row, revocations_));
        inventory_.grants.back().at = config.at;
        continue;
      }
      const auto known = remember(store_, "grant", config.label, fingerprint(row), now_us_);
      if (!known) {
        report(config.at, known.error());
        continue;
      }
      row.id = known->id;
      row.version = static_cast<std::int64_t>(known->version);
      row.created_us = known->since_us;
      GrantItem item = make_grant(row, revocations_);
      item.grant->rule = config.rule;
      item.at = config.at;
      inventory_.grants.push_back(std::move(item));
    }
  }

  static std::string fingerprint(const store::GrantRow& row) {
    std::string text;
    const auto add = [&](std::string_view part) {
      text += std::to_string(part.size()) + ":" + std::string(part);
    };
    add({reinterpret_cast<const char*>(row.token_hash.data()), row.token_hash.size()});
    for (const std::string& part : {row.owner, row.server, row.policy}) add(part);
    for (const auto& [key, value] : row.labels) {
      add(key);
      add(value);
    }
    add(row.expires_us ? std::to_string(*row.expires_us) : "");
    return digest_of(text);
  }

  void stored_grants() {
    const auto rows = store_.grants();
    if (!fetch(rows)) return;
    for (const store::GrantRow& row : *rows) {
      if (!row.revoked_us) {
        const auto twin = std::ranges::find(config_.grants, row.label, &GrantConfig::label);
        if (twin != config_.grants.end()) {
          report(twin->at, "grant \"" + row.label +
                               "\" was also made by a command; remove it here, or there with "
                               "`doorward grant revoke " +
                               row.label + "`");
          continue;
        }
        check_names({"grant \"" + row.label + "\" in the store"}, row.label, row.server, row.policy);
      }
      inventory_.grants.push_back(make_grant(row, revocations_));
    }
  }

  const Config& config_;
  store::Store& store_;
  identity::Revocations& revocations_;
  std::int64_t now_us_;
  bool names_only_;
  Defaults defaults_;
  Inventory inventory_;
  Findings findings_;
  std::set<std::string> failed_servers_;
  std::set<std::pair<std::string, std::string>> failed_policies_;
};

}  // namespace

std::expected<Inventory, Findings> load_inventory(const Config& config, store::Store& store,
                                                  identity::Revocations& revocations, std::int64_t now_us,
                                                  Loading loading, SealedSecrets* sealed) {
  return Loader(config, store, revocations, now_us, loading, sealed).load();
}

Findings check_policies(const Config& config, Findings& warnings) {
  Findings errors;
  for (const PolicyConfig& policy : config.policies) {
    const auto text = io::read_file(policy.file, kPolicyBytes);
    if (!text) {
      errors.push_back({policy.at, text.error().message});
      continue;
    }
    auto item = make_policy(policy.at, policy.server, policy.name, 1, *text, policy.file, warnings);
    if (!item) std::ranges::move(item.error(), std::back_inserter(errors));
  }
  return errors;
}

}  // namespace doorward::server
