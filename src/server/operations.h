#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "admin/failure.h"
#include "audit/record.h"
#include "base/clock.h"
#include "base/result.h"
#include "identity/role.h"
#include "io/loop.h"
#include "json/writer.h"
#include "server/categories.h"
#include "server/control_request.h"
#include "server/event_log.h"
#include "server/inventory.h"

namespace doorward::server {

/// What operations reach beyond the store. A command that finds no gateway leaves out what only a gateway
/// has.
struct Surroundings {
  /// The thread's loop, where late answers come from. Never null.
  io::Loop* loop = nullptr;
  /// Makes the workers judge by another world. Null: no gateway runs.
  std::function<void(std::shared_ptr<const gateway::World>)> swap;
  /// Writes an event to the log; false where it cannot be stored.
  RecordEvent record;
  /// Reads the configuration anew; what is wrong, or nothing.
  std::function<Findings()> reload;
  /// Adds members about the running gateway to the answer of `status`.
  std::function<void(json::Writer&)> status;
};

/// What commands do to the desired state. Each operation checks first, then changes the store, then swaps the
/// world, and leaves a record in the log; a failure changes nothing. What YAML owns is refused, with file and
/// line. One thread, the only one that writes the store.
class Operations {
 public:
  Operations(store::Store& store, identity::Revocations& revocations, Inventory inventory, Defaults defaults,
             Surroundings surroundings, const Clock& clock = system_clock());

  using Json = Result<std::string>;
  /// The code of an operation: takes its members from the request, and answers with the JSON of a result.
  using Handler = std::function<Json(ControlRequest& request, const identity::Actor& actor)>;
  /// One that answers later, once, on this thread. `request` is gone when it has returned.
  using Reply = std::move_only_function<void(Json)>;
  using LateHandler =
      std::function<void(ControlRequest& request, const identity::Actor& actor, Reply reply)>;

  /// Adds an operation. `roles`: who may ask for it, beside admins.
  void add(std::string_view op, identity::Roles roles, Handler handler);
  void add_late(std::string_view op, identity::Roles roles, LateHandler handler);

  /// The roles that may ask for an operation; nothing where there is none of that name.
  std::optional<identity::Roles> roles_of(std::string_view op) const;
  std::vector<std::string> names() const;

  /// Serves one request, a JSON object `{"op": ..., members}`. `done` gets the JSON of the result or why there is
  /// none, at once or later, on this thread. Never throws on what the request holds.
  void handle(std::string text, const identity::Actor& actor, admin::Done done);

  const Inventory& inventory() const { return inventory_; }
  const std::string& state_directory() const { return defaults_.state_directory; }
  /// Records what an actor has done.
  void record(std::string_view event, const identity::Actor& actor, std::vector<audit::EventRecord::Field> fields);
  /// Puts the category in force that a person says a tool of a live server has; without one the rules' again. What no
  /// server behind this gateway has is left alone.
  Status hold_category(std::string_view server, std::string_view tool, std::optional<Category> category,
                       const identity::Actor& actor);
  /// Stores what the workers met of servers' tools, records what is new, and lets every worker go by it.
  void take_tool_reports(const std::vector<gateway::ToolReport>& reports);
  /// Puts new versions of stored policies in force, all or none. Every text was checked by check_new_policy; an event
  /// is recorded of each. The new items, in the order given.
  Result<std::vector<PolicyItem>> put_policies(std::span<const store::NewPolicy> policies, const std::string& comment,
                                               const identity::Actor& actor);
  /// Whether a policy may be put in force: its names are well formed, its server is there, the store owns it, its text
  /// is valid and its tests hold; else `findings` says what is wrong with the text. With a reason, tests may fail: how
  /// many do.
  Result<std::size_t> check_new_policy(const store::NewPolicy& policy, const std::string& file, Findings& findings,
                                       std::string_view over_failing_tests = {}) const;
  /// After a reload: replaces everything and swaps. On failure nothing changes.
  Status replace(Inventory inventory, const Defaults& defaults);
  /// Fetches the credentials of every server anew. A server whose credentials have changed is given the new ones from
  /// the next call on; one whose credentials cannot be had any more is withheld: it is given nothing.
  Status renew_secrets();

 private:
  struct Operation {
    identity::Roles roles;
    LateHandler handler;
  };

  Json status(ControlRequest& request, const identity::Actor& actor);
  Json reload(ControlRequest& request, const identity::Actor& actor);
  Json server_add(ControlRequest& request, const identity::Actor& actor);
  Json server_list(ControlRequest& request, const identity::Actor& actor);
  Json server_show(ControlRequest& request, const identity::Actor& actor);
  Json server_remove(ControlRequest& request, const identity::Actor& actor);
  Json server_review(ControlRequest& request, const identity::Actor& actor);
  Json policy_add(ControlRequest& request, const identity::Actor& actor);
  Json policy_list(ControlRequest& request, const identity::Actor& actor);
  Json policy_show(ControlRequest& request, const identity::Actor& actor);
  Json policy_remove(ControlRequest& request, const identity::Actor& actor);
  Json policy_revert(ControlRequest& request, const identity::Actor& actor);
  Json grant_create(ControlRequest& request, const identity::Actor& actor);
  Json grant_list(ControlRequest& request, const identity::Actor& actor);
  Json grant_show(ControlRequest& request, const identity::Actor& actor);
  Json grant_set(ControlRequest& request, const identity::Actor& actor);
  Json grant_rotate(ControlRequest& request, const identity::Actor& actor);
  Json grant_revoke(ControlRequest& request, const identity::Actor& actor);

  /// The item that a request names, or why there is none: not found with a suggestion, or ambiguous.
  Result<const ServerItem*> need_server(std::string_view name) const;
  Result<const PolicyItem*> need_policy(std::string_view name,
                                        const std::optional<std::string>& server) const;
  /// By label, UUID, number, the SHA-256 of the token, or the token itself.
  Result<const GrantItem*> need_grant(std::string_view name) const;
  /// Whether the actor may be given a token for this server or bundle: an agent none for the admin MCP server.
  Status may_hand_out(const identity::Actor& actor, std::string_view server_or_bundle) const;

  /// Makes `next` the state in force.
  Status commit(Inventory next);
  /// Whether the workers would take `next`; asked before the store is changed.
  Status check(const Inventory& next) const;
  /// Puts a new version of a stored policy in force; `more` is recorded, too.
  Json put_policy(const store::PolicyRow& row, std::string_view event, const identity::Actor& actor,
                  std::vector<audit::EventRecord::Field> more = {});
  void record(std::string_view event, std::span<const audit::EventRecord::Field> fields);

  struct ReviewedTool;
  Status accept_category(const upstream::ServerSettings& settings, const Reclassified& tool,
                         const identity::Actor& actor);
  /// Lets the workers go by what the store now says of these servers' tools.
  Status renew_pins(const std::set<std::string>& servers);
  void record_sightings(const gateway::ToolReport& report, const std::vector<store::SeenAs>& as);
  std::span<const std::string> gone_now(const gateway::ToolReport& report);

  void write_server(json::Writer& writer, const ServerItem& item) const;
  void write_bundle(json::Writer& writer, const BundleItem& item) const;
  void write_policy(json::Writer& writer, const PolicyItem& item) const;
  void write_grant(json::Writer& writer, const GrantItem& item) const;

  store::Store& store_;
  identity::Revocations& revocations_;
  Inventory inventory_;
  Defaults defaults_;
  Surroundings surroundings_;
  const Clock& clock_;
  std::map<std::string, Operation, std::less<>> operations_;
  std::map<std::string, std::int64_t> gone_us_;  ///< when tools of a server were last marked as gone
  Findings findings_;      ///< of the operation under way, beside its error
  std::uint64_t turn_ = 0;  ///< counts the operations
};

}  // namespace doorward::server
