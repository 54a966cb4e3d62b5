#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/category.h"
#include "json/value.h"
#include "policy/policy.h"

namespace doorward::policy {

/// Who calls, as far as a condition may ask: `grant.label`, `grant.labels.<key>`, `identity.<claim>`.
struct Subject {
  std::optional<std::string> label;  ///< a grant has one; nothing only where a test or a command names none
  std::vector<std::pair<std::string, std::string>> labels;  ///< sorted by key, by bytes
  json::Value identity;  ///< the verified claims, an object; nothing without an identity
};

/// What is asked for. Resources and prompts are judged by their own sections of the document.
enum class Kind : std::uint8_t { tool, resource, prompt };

/// One call as it is judged. Refers to memory of the caller, for the time of the decision only.
struct Call {
  Kind kind = Kind::tool;
  std::string_view tool;  ///< the name after resolving actions; a resource's URI; a prompt's name
  std::optional<Category> category;
  json::Value args;  ///< `params.arguments`; nothing where absent
  std::string_view server;
  const Subject* subject = nullptr;  ///< null: neither label nor identity
  std::int64_t now_us = 0;           ///< UTC, microseconds since 1970
  bool known = true;                 ///< false: the upstream has no such tool, or no such listed action
  std::string_view outer;  ///< of an action: the tool that hides it (hidden: the action is too); else empty
  std::optional<Category> outer_category;
};

enum class Verdict : std::uint8_t { allow, deny, hide, approve };

/// The codes of console.md 2c-2. `none` belongs to an allowed call.
enum class Code : std::uint8_t {
  none,
  tool_denied,
  default_deny,
  argument_denied,
  require_missing,
  rate_limited,
  budget_exceeded,
  approval_pending,
  approval_denied,   ///< a person said no
  approval_expired,  ///< nobody answered
  approval_refused,  ///< nobody could be asked
  tool_hidden,
  unknown_tool,
  no_policy,
  policy_error,
  tool_changed,
};
std::string_view to_string(Verdict verdict);
std::string_view to_string(Code code);

/// One reservation that the call needs. The demands of a call stand in the order in which a full limit names
/// the rule (policy.md section 3). Entries of equal key (scope, counter, window) all stand here, since their
/// `max` may differ; whoever reserves adds to each key once.
struct LimitDemand {
  const Limit* limit;
  std::int64_t amount_millionths;  ///< above 10^18 never: such an amount is a denial
};

/// Working memory of `decide`; one per worker. Grows to the largest policy it has met and then allocates no
/// more.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(Scratch&&) noexcept;
  Scratch& operator=(Scratch&&) noexcept;

  /// The reservations that the call of the last decision needs before it is forwarded.
  std::span<const LimitDemand> demands() const;
  /// Of a last decision with `verdict` approve: every entry that asks, in the order of evaluation. One request stands
  /// for all of them; it needs the consent of each and waits for the shortest of their times.
  std::span<const Approval* const> approvals() const;

  struct State;
  State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

/// The answer. `rule` is never null and belongs to the policy (or is one of the fixed rows below).
struct Decision {
  Verdict verdict = Verdict::deny;
  Code code = Code::policy_error;
  /// False: the document observes, so the call passes in spite of `verdict`; demands are then reserved past
  /// `max`.
  bool enforced = true;
  const Rule* rule = nullptr;
  const Limit* limit = nullptr;    ///< the limit that denied, if one did
  std::int64_t retry_after_s = 0;  ///< set by limit_denial; 0: unknown or never

  /// Whether the call goes on to the reservation.
  bool passes() const { return verdict == Verdict::allow || !enforced; }
};

/// The tools of one server, matched once against one policy, so that globs, `hide` and categories cost
/// nothing on the path of a call. Immutable, any number of threads; keeps its policy alive.
class ToolIndex {
 public:
  struct Tool {
    std::string name;
    std::optional<Category> category;
  };
  ToolIndex(std::shared_ptr<const Policy> policy, std::span<const Tool> tools);
  ~ToolIndex();
  ToolIndex(ToolIndex&&) noexcept;
  ToolIndex& operator=(ToolIndex&&) noexcept;

  struct Plan;
  const Policy* policy() const;
  /// The plan of a tool under a category; null where the index holds none, which only makes `decide` slower.
  const Plan* find(std::string_view tool, std::optional<Category> category) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Steps 3 and 5 to 8 of policy.md section 3 (step 8: which reservations are needed). Allocates nothing once
/// `scratch` is warm (a regular expression may, inside RE2, within its own bound), takes no lock of ours,
/// reads no clock. `index`, if given, must belong to `policy`; the answer is the same without it.
///
/// With `verdict` allow, and under observe always, `scratch.demands()` must be reserved, all or none, before
/// the call is forwarded; with approve they are what a ticket will have to reserve.
Decision decide(const Policy& policy, const Call& call, Scratch& scratch,
                const ToolIndex* index = nullptr) noexcept;

/// The decision when people were asked and the call may not run: `code` is approval_denied, approval_expired or
/// approval_refused; the rule stays the one that asked.
Decision approval_denial(const Decision& decision, Code code);

/// The decision when a demanded limit has no room: `limit` is the first one without, `retry_after_s` the
/// longest wait of all without room (policy.md section 5).
Decision limit_denial(const Decision& decision, const Limit& limit, std::int64_t retry_after_s);

/// Step 2: the grant has no policy. Step 4 and the quarantine of new tools: the definition is not the
/// reviewed one.
Decision no_policy();
Decision definition_changed();
Decision not_reviewed();
/// The call brings an argument that the gateway fills itself, with a credential that no agent has.
Decision argument_is_injected();
/// The engine or a store it needs could not judge; the gateway fails closed.
Decision policy_error();
/// The row of every allowed call.
const Rule* allowed_rule();

/// Whether a list shows the name to the holder of this policy (tools/list, prompts/list, resources/list).
/// Without a policy nothing is listed; with one all but hidden names are, and under observe those too.
/// Resources and prompts that their section's default denies are not listed.
bool listed(const Policy* policy, const Call& call, Scratch& scratch,
            const ToolIndex* index = nullptr) noexcept;

}  // namespace doorward::policy
