#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/writer.h"
#include "policy/decide.h"

namespace doorward::policy {

/// One condition of the entry that decided, with what it met.
struct Evidence {
  std::string path;
  std::string op;
  std::string expected;  ///< JSON, as the document spells it
  std::string actual;    ///< JSON, shortened; `missing` where there is none, `not stored` where it is not known any more
  std::string result;    ///< `true`, `false`, `error`, or `unknown`
};

/// One line of the way to the decision.
struct Step {
  std::string step;      ///< such as `tool known, not hidden, listed` or `deny_if[0] args.amount gt 10000`
  std::string result;    ///< `ok`, `decided` or `not evaluated`
  std::string pointer;   ///< into the document, or empty
  std::size_t line = 0;  ///< of the document, or 0
};

/// What would change the answer.
struct Remedy {
  std::string retry;  ///< as retry_of() says
  std::int64_t after_s = 0;
  std::vector<std::string> changes;
  std::string ask;  ///< whom, or empty
};

/// The single object behind every view of a decision (console.md 4.3). Members that only the gateway or the
/// log know
/// (`id`, `time`, grant and client names, `origin`) are filled by the caller before rendering.
struct Explanation {
  std::string id;
  std::string time;  ///< RFC 3339
  Verdict decision = Verdict::deny;
  bool enforced = true;
  Code code = Code::none;
  std::string summary;
  std::string grant;
  std::string owner;
  std::string client;
  std::string server;
  std::string tool;
  std::string policy_name;
  std::uint64_t policy_version = 0;
  std::string policy_sha256;
  std::string policy_origin;
  std::string rule;
  std::string pointer;
  std::string note;
  std::size_t line = 0;
  std::vector<Evidence> evidence;
  std::vector<Step> trace;
  bool forwarded = false;
  std::string quota;  ///< what became of it: `none used`, `to be reserved`, `counted`, `given back`
  std::string result = {};  ///< of a forwarded call: how it ended, as its record says; empty: not known
  Remedy remedy;
  std::string told_agent;  ///< empty for an allowed call
  /// Of the arguments: `given` (nobody made the call), `shown`, `not_stored`, `not_shown` (who asks may not see them).
  std::string args_state;
  std::string args;         ///< JSON, redacted as it was stored; empty: none is shown
  std::string args_digest;  ///< the recorded one, hex; empty: none
  std::string approval;     ///< the request of people that belongs to the call, or empty
};

/// A decision as the log has it.
struct Recorded {
  Verdict verdict = Verdict::deny;
  Code code = Code::none;
  std::string_view rule;
  std::string_view pointer;
  std::int64_t retry_after_s = 0;
  bool forwarded = false;
};

/// What is not known any more of a call that was made: what looks at it is told without a value.
struct Missing {
  bool arguments = false;
  bool identity = false;
  std::string_view redacted = {};  ///< what stands in place of values that were taken out before arguments were stored
};

/// Judges the call again with tracing (slow path; allocates). `decision` is what was decided, also by a
/// limit; null: decide here, every limit having room. A document that observes is explained as if it enforced
/// (policy.md section 2), and `enforced` says so.
Explanation explain(const Policy& policy, const Call& call, const Decision* decision = nullptr);

/// Explains a recorded decision by the document that made it: the same object as `explain` gives, from the record's rule
/// and, as far as they are known, the call's values. `policy` null: the grant carried none, or its text was not kept; then
/// the record alone speaks, and the trace says so. Slow path.
Explanation explain_recorded(const Policy* policy, const Call& call, const Recorded& recorded, Missing missing);

/// What people are shown: `allowed`, `denied`, `hidden`, `rate_limited`, `needs_approval`, or `would_deny` in observe mode.
std::string_view word_of(const Explanation& explanation);

/// The members of the object, without its braces.
void write_members(json::Writer& writer, const Explanation& explanation);
/// One JSON object with a member `schema`; `decision` and `rule` as policy.md 8 spells them.
std::string to_json(const Explanation& explanation);

/// How an approval stands, as far as the agent is told. All may be empty.
struct ApprovalTold {
  bool possible = true;           ///< whether this gateway can ask people
  std::string_view request = {};  ///< `apr_...`
  std::string_view expires = {};  ///< clock time of a pending request, such as `14:05 UTC`
  std::string_view url = {};      ///< where people decide
  std::string_view reason = {};   ///< the approver's, of a denial; why nobody was asked
};

/// What the agent is told (policy.md section 7; console.md 2c). `permitted` may name up to three tools of the
/// same server that the grant may call. `server` may be empty. Slow path.
struct Telling {
  std::string_view reference;  ///< such as `dec_7Q3F`
  std::span<const std::string_view> permitted;
  std::string_view called = {};  ///< how the agent calls the tool; empty: `server.tool`
  ApprovalTold approval = {};    ///< of a call that needs a person
};
/// `[POLICY DENIED] ...` or `[APPROVAL REQUIRED] ...`: ASCII, no markdown, the author's text first and whole,
/// then under 90 words. For hide: the text of an unknown tool. `policy` may be null (no policy).
std::string told_agent(const Policy* policy, const Call& call, const Decision& decision,
                       const Telling& telling);

/// The words of the JSON-RPC error -32602 for a hidden and for an unknown tool: the same for both.
std::string unknown_tool_text(std::string_view tool);

/// Whom a call needs to be approved by, for people: `payments, two of security`. `approvals`: those of the decision.
std::string asked_of(std::span<const Approval* const> approvals);
/// The same, judging the call again (slow path).
std::string asked_of(const Policy& policy, const Call& call);

/// `never`, `changed_arguments`, `after`, `after_approval`, `ask_user`: the member `retry` of
/// `_meta["io.doorward/decision"]`.
std::string_view retry_of(Code code);

}  // namespace doorward::policy
