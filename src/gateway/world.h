#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "gateway/bundle_settings.h"
#include "gateway/pin_set.h"
#include "identity/grant_table.h"
#include "policy/actions.h"
#include "policy/decide.h"
#include "policy/policy.h"
#include "quota/table.h"
#include "upstream/settings.h"

namespace doorward::gateway {

/// An argument whose value the log records as a commitment that can be opened.
struct LoggedValue {
  std::string tool;                ///< exact name, or `*` for every tool
  std::string path;                ///< such as args.customer.id
  std::vector<std::string> steps;  ///< below the arguments
};

/// A server with its compiled action tools.
struct ServerEntry {
  std::shared_ptr<const upstream::ServerSettings> settings;
  policy::ActionMap actions;
  /// Grows with each change of its lists that the server announces to any worker.
  mutable std::atomic<std::uint64_t> list_changes{0};
  std::vector<LoggedValue> logged_values;
  std::shared_ptr<const PinSet> pins = std::make_shared<const PinSet>();  ///< never null
};

/// A bundle with its members, resolved.
struct BundleEntry {
  std::shared_ptr<const BundleSettings> settings;
  std::vector<const ServerEntry*> servers;                      ///< one for each of settings->members
  std::vector<std::shared_ptr<const policy::Policy>> policies;  ///< likewise; null: none
};

/// A grant with all that a call under it needs, resolved: no lookup by name happens on the path.
struct GrantEntry {
  std::shared_ptr<identity::Grant> grant;
  const ServerEntry* server = nullptr;  ///< null where the grant is for a bundle
  const BundleEntry* bundle = nullptr;  ///< null where it is for a server
  std::vector<GrantEntry> members;      ///< of a bundle: the same grant for each member, in their order
  std::shared_ptr<const policy::Policy> policy;  ///< null: no policy, every call is denied
  policy::Subject subject;
  /// One for each of policy->limits(), in their order, with the key of its count; for the scope `session` the
  /// key is the grant's, which holds where the protocol has no session.
  std::vector<quota::Demand> demands;
  std::vector<std::string> windows;  ///< of each demand, as the log spells it

  /// The name of its server or bundle.
  const std::string& target() const {
    return bundle != nullptr ? bundle->settings->name : server->settings->name;
  }
  /// Whether a path that ends in this name or UUID is the grant's.
  bool reached_as(std::string_view name_or_uuid) const {
    return name_or_uuid == target() ||
           name_or_uuid == (bundle != nullptr ? bundle->settings->uuid : server->settings->uuid);
  }
};

/// What the gateway judges by at one moment: immutable, shared by all workers, swapped whole. A call is
/// judged by the world it began under.
class World {
 public:
  struct GrantSetting {
    std::shared_ptr<identity::Grant> grant;
    std::shared_ptr<const policy::Policy> policy;
  };
  struct ServerSetting {
    std::shared_ptr<const upstream::ServerSettings> settings;
    std::vector<std::string> logged_values;  ///< each `tool args.path`
    std::shared_ptr<const PinSet> pins{};    ///< null: nothing was reviewed yet
  };

  struct BundleSetting {
    std::shared_ptr<const BundleSettings> settings;
    std::vector<std::shared_ptr<const policy::Policy>> policies;  ///< one for each member; null: none
  };

  /// Fails where a grant names no server or bundle, a bundle's member no server, two servers or bundles share
  /// a name or two grants a token, or action tools are not well formed; the message names which.
  static Result<std::shared_ptr<const World>> build(std::vector<ServerSetting> servers,
                                                    std::vector<GrantSetting> grants,
                                                    std::vector<BundleSetting> bundles = {});

  const identity::GrantTable& table() const { return table_; }
  /// Of Verification::index.
  const GrantEntry& grant(std::size_t index) const { return grants_[index]; }
  const std::vector<GrantEntry>& grants() const { return grants_; }
  /// The first grant, in the order of the configuration, whose rule the subject fits at the server or bundle of this
  /// name or UUID; null: none.
  const GrantEntry* grant_for(const identity::Subject& subject, std::string_view name_or_uuid) const;
  /// By name or UUID; null where there is none.
  const ServerEntry* server(std::string_view name_or_uuid) const;
  const BundleEntry* bundle(std::string_view name_or_uuid) const;

 private:
  Status add_bundle(BundleSetting setting);

  std::vector<std::unique_ptr<ServerEntry>> servers_;
  std::vector<std::unique_ptr<BundleEntry>> bundles_;
  std::unordered_map<std::string, const ServerEntry*> by_name_;
  std::unordered_map<std::string, const BundleEntry*> bundle_by_name_;
  std::vector<GrantEntry> grants_;
  std::vector<std::size_t> ruled_;  ///< grants with a rule, by index
  identity::GrantTable table_;
};

/// The entry of one agent under a grant with a rule.
GrantEntry entry_for(const GrantEntry& configured, std::shared_ptr<const identity::Subject> subject,
                     identity::RevokedFlag barred);

/// The name of a limit's count (policy.md section 5) for one holder.
quota::Demand demand_of(const policy::Policy& policy, const policy::Limit& limit, std::string_view server,
                        quota::HolderKind holder_kind, std::string_view holder);

/// A window as the log spells it: `60` seconds, or `day`, `week`, `month` with a zone, `day@Europe/Berlin`.
std::string window_text(const quota::Demand& demand);
/// The window and zone of such a text; nothing for any other.
struct WindowOfText {
  quota::Window window;
  const TimeZone* zone = nullptr;
};
std::optional<WindowOfText> parse_window(std::string_view text);

}  // namespace doorward::gateway
