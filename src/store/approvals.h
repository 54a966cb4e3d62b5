#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "store/database.h"

namespace doorward::store {

enum class ApprovalState : std::uint8_t {
  pending,    ///< waits for people
  approved,   ///< may be used until `until_us`
  denied,     ///< stands until `until_us`
  used,       ///< its one use is spent
  expired,    ///< nobody answered in time
  cancelled,  ///< its grant is gone, or a like approval was given back
};
std::string_view to_string(ApprovalState state);
std::optional<ApprovalState> parse_approval_state(std::string_view name);

/// A request for a person's approval. Times are those of the approvals' clock, in microseconds.
struct ApprovalRow {
  std::string id;  ///< `apr_` and 128 random bits
  ApprovalState state = ApprovalState::pending;
  Digest binding{};  ///< of everything that the request is bound to
  std::string grant;
  std::string identity;
  std::string server;
  std::string tool;
  Digest definition{};
  std::string digest;  ///< keyed digest of the canonical arguments, hex
  std::string policy;
  std::int64_t policy_version = 0;
  std::string policy_sha256;
  std::string rule;
  std::string decision;  ///< of the first call that asked
  std::string grant_label;
  std::string owner;
  std::string client;
  std::string category;
  std::string pointer;
  std::string note;
  std::string groups;      ///< JSON
  std::int64_t asked = 1;  ///< calls that asked for the same
  std::int64_t created_us = 0;
  std::int64_t lifetime_us = 0;
  std::int64_t until_us = 0;  ///< pending: expires; approved, denied: holds until then
  bool repeats = false;       ///< approved for every identical call until `until_us`
  bool warned = false;        ///< people were told that it expires soon
  std::optional<std::int64_t> decided_us;
  std::string decided_by;  ///< names joined by `, `
  std::string reason;
  std::optional<std::int64_t> closed_us;  ///< nothing can come of it any more
};

/// One person's agreement.
struct ApprovalVote {
  std::string request;
  std::string actor;
  std::string groups;  ///< JSON array of the indices of the request's groups that the actor spoke for
  std::string also;    ///< JSON array of the actor's other names
  std::optional<std::int64_t> for_s;
  std::string shown;  ///< digest of what the actor was shown
  std::int64_t at_us = 0;
};

/// One call that an approval was spent on.
struct ApprovalUse {
  std::string decision;
  std::string request;
  std::int64_t at_us = 0;
  std::string boot;          ///< id of the machine's boot
  std::string writer;        ///< where the log stood: the call's intent lies behind it
  std::int64_t epoch = 0;
  std::int64_t seq = 0;
  bool settled = false;  ///< the call's intent is known to be in the log
};

struct ApprovalFilter {
  bool open_only = true;               ///< not those that are closed
  std::optional<ApprovalState> state;  ///< only those in it; then `open_only` says nothing
  std::string grant;         ///< id or label; empty: all
  std::string before;        ///< id: only those made before it
  std::size_t limit = 100;
};

/// Requests for approval. Nothing here begins a transaction: the caller puts what belongs together into one. One
/// thread, the one that writes the store.
class Approvals {
 public:
  explicit Approvals(Database& database) : database_(database) {}

  Status add(const ApprovalRow& row, std::string_view sealed_arguments);
  /// Writes what changes in the life of a request: state, count, times, decision.
  Status save(const ApprovalRow& row);
  Status count(std::string_view id, std::int64_t more);

  Result<std::optional<ApprovalRow>> find(std::string_view id);
  /// At most two whose ids begin so.
  Result<std::vector<ApprovalRow>> find_prefix(std::string_view prefix);
  /// Those of a binding that are not closed.
  Result<std::vector<ApprovalRow>> open_of(const Digest& binding);
  Result<std::vector<ApprovalRow>> open();
  /// Those not closed whose time is over at `now_us`, and pending ones that nobody was warned of.
  Result<std::vector<ApprovalRow>> due(std::int64_t now_us);
  /// When the next one is due; nothing where none will be.
  Result<std::optional<std::int64_t>> next_due();
  Result<std::vector<ApprovalRow>> list(const ApprovalFilter& filter);
  Result<std::int64_t> pending();
  Result<std::int64_t> pending_of(std::string_view grant);
  /// The latest time that any row holds; 0 where there is none.
  Result<std::int64_t> latest_us();

  /// Sealed; nothing where they were removed.
  Result<std::optional<std::string>> arguments(std::string_view id);
  Status remove_arguments(std::int64_t closed_before_us);

  Status add_vote(const ApprovalVote& vote);  ///< conflict where the actor voted already
  Result<std::vector<ApprovalVote>> votes(std::string_view request);

  Status add_use(const ApprovalUse& use);  ///< conflict where the decision spent one already
  Result<std::optional<ApprovalUse>> use(std::string_view decision);
  Result<std::vector<ApprovalUse>> uses(std::string_view request);  ///< oldest first
  Result<std::vector<ApprovalUse>> uses_in_doubt();
  Status remove_use(std::string_view decision);
  Status settle_uses(std::int64_t before_us);

  Database& database() { return database_; }

 private:
  Database& database_;
};

}  // namespace doorward::store
