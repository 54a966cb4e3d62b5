#pragma once

#include <span>
#include <string>
#include <vector>

#include "policy/condition.h"
#include "policy/decide.h"

namespace doorward::policy {

/// What of a policy judges the calls of one tool, for those who ask about all of them and not about one. Lives as long
/// as the policy. A document that observes is looked at as if it enforced.
struct Applied {
  struct Asked {
    Place place;
    const Condition* condition;
  };

  /// The rule that refuses every call, whatever its arguments, its caller's claims and the time; null: none does.
  const Rule* refuses = nullptr;
  /// A rule by which every call that nothing refuses waits for a person; null: none does.
  const Rule* asks = nullptr;
  /// The conditions on what one call may have and another not, in the order of evaluation: those on `args`,
  /// `identity` and `time`. Those on the tool and the grant are settled by `call`.
  std::vector<Asked> open;
  bool by_identity = false;  ///< one of them looks at the caller's claims
  bool by_time = false;      ///< one of them looks at the time
  /// Paths under `args` that a limit adds up.
  std::vector<const Path*> amounts;

  /// Whether every call is judged alike.
  bool settled() const { return open.empty() && amounts.empty(); }
};

/// `call` gives the tool, its category and the holder's labels; its arguments and the time do not matter. With
/// `known_identity` its identity is settled, too: that of a bearer token, which is none.
Applied applied_to(const Policy& policy, const Call& call, bool known_identity);

/// What is not known any more of a call that was made.
struct Unknown {
  std::span<const std::string> arguments = {};  ///< top-level names of arguments whose values are not known
  bool all_arguments = false;                   ///< not even their names
  bool identity = false;
  bool labels = false;  ///< of the grant
};

/// The same for one call that was made: whatever is known of it settles the conditions that look at it, and `open` and
/// `amounts` are those that look at what is not. Where both are empty, decide() is asked; `refuses` holds either way.
Applied applied_to(const Policy& policy, const Call& call, const Unknown& unknown);

/// Whether two documents judge this call by the same text: the blocks that apply, what hides it, the default and the
/// time zone. What the one decided, the other would have decided, whatever the call's arguments were.
bool judged_alike(const Policy& policy, const Policy& other, const Call& call);

/// Whether a condition of the policy looks at the grant's label or labels: only then are two grants that carry it
/// judged differently.
bool asks_holder(const Policy& policy);

}  // namespace doorward::policy
