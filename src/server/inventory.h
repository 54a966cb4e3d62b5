#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gateway/world.h"
#include "identity/grant_table.h"
#include "policy/policy.h"
#include "server/config.h"
#include "server/finding.h"
#include "store/store.h"
#include "upstream/settings.h"

namespace doorward::server {

class SealedSecrets;

/// Each item of the desired state knows who owns it: `at.file` names the configuration file, and is empty for
/// what the store holds.
struct ServerItem {
  Origin at;
  ServerConfig config;  ///< with references, never values of secrets
  std::shared_ptr<const upstream::ServerSettings> settings;
  std::shared_ptr<const gateway::PinSet> pins{};  ///< null: nothing was reviewed yet
};

struct BundleItem {
  Origin at;
  std::shared_ptr<const gateway::BundleSettings> settings;
};

struct PolicyItem {
  Origin at;
  std::string server;
  std::string name;
  std::shared_ptr<const policy::Policy> policy;
};

struct GrantItem {
  Origin at;
  std::shared_ptr<identity::Grant> grant;
  std::string hint;         ///< of the token
  std::int64_t number = 0;  ///< of the store's grants; 0: the configuration's
};

/// The desired state: what the configuration and the store say together, checked, compiled, secrets resolved.
/// Commands change one item at a time; a reload makes a whole new one.
class Inventory {
 public:
  std::vector<ServerItem> servers;
  std::vector<BundleItem> bundles;
  std::vector<PolicyItem> policies;
  std::vector<GrantItem> grants;  ///< revoked ones too, so that the log can tell them from unknown tokens
  std::vector<RecordedValues> recorded;
  Findings warnings;

  const ServerItem* server(std::string_view name) const;
  const BundleItem* bundle(std::string_view name) const;
  /// The first bundle that the server is a member of, under that policy if one is named.
  const BundleItem* bundle_with(std::string_view server, std::string_view policy = {}) const;
  const PolicyItem* policy(std::string_view server, std::string_view name) const;
  /// The grant of a label that is not revoked.
  const GrantItem* grant(std::string_view label) const;

  /// The same as the workers judge by.
  Result<std::shared_ptr<const gateway::World>> world() const;
};

/// What items of the configuration and of the store are made with.
struct Defaults {
  TimeoutsConfig timeouts = {};
  std::size_t result_bytes = 10u << 20;
  SealedSecrets* sealed = nullptr;  ///< null where sealed secrets are out of reach
  std::string state_directory = {};  ///< that sandboxed servers do not see; empty: there is none
};

/// Makes one server ready: URL taken apart, secrets resolved, action tools checked.
Result<ServerItem> make_server(const ServerConfig& config, const std::string& uuid, const Defaults& defaults);

/// The same of a server whose credentials cannot be had any more, and why: it keeps its place and its settings, and is
/// given nothing.
Result<ServerItem> withhold_server(const ServerConfig& config, const std::string& uuid, const Defaults& defaults,
                                   const std::string& why);

/// The same without what only a gateway needs: its name, its id and its configuration.
ServerItem name_server(const ServerConfig& config, const std::string& uuid);

/// What a test of a document that fails is: an error, or, of a document that was published all the same, a warning.
enum class FailingTest : std::uint8_t { error, warning };

/// Makes one policy ready from its text. `file` names the document in the findings.
std::expected<PolicyItem, Findings> make_policy(const Origin& at, const std::string& server,
                                                const std::string& name, std::uint64_t version,
                                                std::string_view text, const std::string& file,
                                                Findings& warnings, FailingTest failing = FailingTest::error);

/// Makes one grant ready from its row of the store.
GrantItem make_grant(const store::GrantRow& row, identity::Revocations& revocations);

/// How much load_inventory does.
enum class Loading : std::uint8_t {
  whole,  ///< for the gateway
  /// For commands while no gateway runs: who owns which name. Secrets are not fetched, since they may be in
  /// reach of the gateway alone, and what is wrong becomes a warning.
  names,
};

/// Merges the configuration with the store. Everything that is wrong is reported: an invalid policy or one
/// whose tests fail, a secret that cannot be had, a name that both own, a name that nobody defines. What YAML
/// owns gets an id and versions that stay the same from start to start; the store remembers them.
std::expected<Inventory, Findings> load_inventory(const Config& config, store::Store& store,
                                                  identity::Revocations& revocations, std::int64_t now_us,
                                                  Loading loading = Loading::whole, SealedSecrets* sealed = nullptr);

/// After a swap to this inventory: tokens that it replaced are refused under every world that still lives, and so are
/// those of grants that only `before` has.
void refuse_replaced_tokens(const Inventory& inventory, const Inventory& before, identity::Revocations& revocations);

/// The policies of a configuration alone, for `config check`: errors, and beside them warnings.
Findings check_policies(const Config& config, Findings& warnings);

}  // namespace doorward::server
