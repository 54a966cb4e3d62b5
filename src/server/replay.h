#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/argument_store.h"
#include "base/category.h"
#include "policy/actions.h"
#include "policy/decide.h"
#include "policy/policy.h"
#include "server/recorded_calls.h"

namespace doorward::server {

/// What becomes of a recorded call under a draft.
enum class Change : std::uint8_t { unchanged, newly_denied, newly_allowed, newly_asks, not_replayable };
inline constexpr std::array<Change, 5> kChanges = {Change::newly_denied, Change::newly_asks, Change::newly_allowed,
                                                   Change::not_replayable, Change::unchanged};
/// `unchanged`, `newly_denied`, ...
std::string_view to_string(Change change);

/// Why a call cannot be judged again.
enum class Obstacle : std::uint8_t {
  none,
  arguments_not_stored,
  arguments_not_shown,  ///< they may be stored, and who asks may not see what they are
  arguments_redacted,
  identity_not_recorded,
  grant_is_gone,
  counters_start_empty,
};
/// `arguments_not_stored`, ...
std::string_view to_string(Obstacle obstacle);
/// One sentence for a person.
std::string_view describe(Obstacle obstacle);

/// What the log does not hold of calls. Everything is read on the thread that replays.
struct ReplayContext {
  struct Grant {
    std::string id;  ///< holder of its counts
    std::vector<std::pair<std::string, std::string>> labels;
  };
  std::string server;
  std::map<std::string, Grant, std::less<>> grants;  ///< by id and by label
  /// Of a tool of the server; the outer tool of an action, too.
  std::function<Category(std::string_view tool)> category_of;
  std::map<std::string, std::string, std::less<>> outer_of;  ///< the tool that hides an action, by the action's name
  /// The document of a digest, or null where its text was not kept.
  std::function<std::shared_ptr<const policy::Policy>(const std::string& sha256)> policy_of;
  /// The stored arguments of calls, asked for once with all that need them; null: who asks may not see them.
  std::function<std::map<std::string, std::vector<audit::StoredArgument>>(const std::set<std::string, std::less<>>& ids)>
      arguments_of;
};

/// One call judged again.
struct Replayed {
  Change change = Change::unchanged;
  Obstacle obstacle = Obstacle::none;
  /// What an agent met and would meet: `allowed`, `denied`, `hidden`, `rate_limited`, `needs_approval`.
  std::string_view was;
  std::string_view now;
  /// What of the draft decides now (policy.md section 8); empty where nothing refuses or asks. They live as long as the
  /// draft and the calls that were given.
  std::string_view rule;
  std::string_view pointer;
  bool same_rules = false;  ///< the draft judges it by the very text by which it was judged
};

/// The calls of one server judged again by a draft, as if it enforced. Limits are counted along, from nothing on.
struct Replay {
  std::vector<Replayed> calls;      ///< one for each that was given, in their order
  std::size_t arguments_read = 0;   ///< how many calls' stored arguments were judged
  std::size_t limited_calls = 0;    ///< that meet a limit within its first window, where counts start from nothing
};

/// `calls`: oldest first. A decision takes microseconds, so for many of them a thread of its own is the place.
Replay replay(const std::vector<RecordedCall>& calls, const std::shared_ptr<const policy::Policy>& draft,
              const ReplayContext& context);

}  // namespace doorward::server
