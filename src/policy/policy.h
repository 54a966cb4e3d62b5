#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/category.h"
#include "policy/finding.h"

namespace doorward {
class TimeZone;
}

namespace doorward::policy {

enum class Default : std::uint8_t { allow, deny };
enum class Mode : std::uint8_t { enforce, observe };
/// How much of the rule the agent sees in a denial (policy.md section 7).
enum class Detail : std::uint8_t { full, reason, minimal };
/// Who holds a count (policy.md section 5).
enum class Scope : std::uint8_t { grant, session, identity, server, organisation };
enum class OnStoreError : std::uint8_t { deny, local, allow };
/// Rolling windows have a length in seconds; day, week and month are calendar periods in the policy's time
/// zone.
enum class WindowKind : std::uint8_t { rolling, day, week, month };

/// The place in the document that decided: a row of the policy's table, or one of the fixed rows of decide.h.
/// Lives as long as its policy.
struct Rule {
  std::string rule;     ///< policy.md section 8, such as `/tools/pay/deny_if/args.amount-gt`; empty: allowed
  std::string pointer;  ///< exact JSON Pointer into the document, such as `/tools/pay/deny_if/0/conditions/0`
  std::string note;     ///< the author's `on_deny`, `on_pending` or `reason`; may be empty
  std::size_t begin = 0;  ///< byte range of the value in the document's text
  std::size_t end = 0;
};

/// One quota, compiled. Lives as long as its policy.
struct Limit {
  std::string counter;       ///< as in the document; for a `rate_limit` the pointer of its block
  bool own_counter = false;  ///< a `rate_limit`: its counter is this block's own and never equals a named one
  WindowKind window = WindowKind::rolling;
  std::int64_t window_s = 60;       ///< length of a rolling window in seconds, 1 to 31622400
  std::int64_t max_millionths = 0;  ///< 0 to 10^18
  Scope scope = Scope::grant;
  bool has_amount = false;  ///< adds a number from the arguments (spend) instead of one call
  OnStoreError on_store_error = OnStoreError::deny;
  std::string window_text;             ///< for people: `minute`, `day`, `90 seconds`
  std::string max_text;                ///< `max` as the document spells it
  std::string amount_path;             ///< as spelled; empty without `amount`
  const Rule* without_room = nullptr;  ///< the rule of a denial when the count is full
  const Rule* wrong_amount = nullptr;  ///< its `-type` variant: amount missing, not a number or negative
};

/// Whom a call must be approved by: an entry of `approve_if`, or an `action: approve`. Lives as long as its policy.
struct Approval {
  std::vector<std::string> approvers;  ///< groups or people, as the document names them; empty: any approver
  unsigned approvals = 1;              ///< how many different people must agree
  bool self_confirm = false;           ///< the agent's own user may be the one who agrees
  std::int64_t expires_s = 600;        ///< how long a request waits
};

/// A checked and compiled document (policy.md section 2). Immutable: any number of threads may read it. Made
/// by `load` only; everything handed out lives as long as the policy.
class Policy {
 public:
  Policy(const Policy&) = delete;
  Policy& operator=(const Policy&) = delete;
  ~Policy();

  std::string_view name() const;
  std::uint64_t version() const;    ///< of the document within its name, not of the language
  std::string_view sha256() const;  ///< lower-case hex digest of the text
  std::string_view text() const;    ///< the document, byte for byte
  std::string_view description() const;
  Default default_verdict() const;
  Mode mode() const;
  Detail detail() const;
  std::string_view time_zone_name() const;  ///< IANA name; `UTC` unless the document says otherwise
  const TimeZone& time_zone() const;

  /// Whether it has an entry that asks people.
  bool asks_people() const;

  /// All quotas, in the order of their first appearance in the document.
  std::span<const Limit> limits() const;

  /// Compiled form; for the files of this room.
  struct Program;
  const Program& program() const { return *program_; }
  explicit Policy(std::unique_ptr<Program> program);

 private:
  std::unique_ptr<Program> program_;
};

/// What a policy is called, and what the document's own `tests` are judged with.
struct Origin {
  std::string name = "policy";
  std::uint64_t version = 1;
  std::string server;  ///< `tool.server` in the document's tests; empty: missing there
  /// Category of a tool whose test names none; without it such a test runs without a category.
  std::function<std::optional<Category>(std::string_view tool)> category_of;
  /// The document is only looked at, or was published over a test that fails: such a test is a warning.
  bool draft = false;
};

struct Loaded {
  std::shared_ptr<const Policy> policy;
  Findings warnings;
};

/// Reads, checks, compiles, lints and runs the `tests` of a document. On failure every error that was found,
/// in the order of the text (and the warnings beside them). A failing test is an error.
std::expected<Loaded, Findings> load(std::string_view text, Origin origin = {});

}  // namespace doorward::policy
