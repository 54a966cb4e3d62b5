#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "approval/request.h"
#include "approval/store_clock.h"
#include "approval/watch.h"
#include "audit/log_writer.h"
#include "audit/record.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/seal.h"
#include "identity/role.h"
#include "io/loop.h"
#include "store/approvals.h"

namespace doorward::approval {

struct Options {
  std::size_t pending_per_grant = 20;
  std::size_t pending = 1'000;            ///< in total
  std::size_t arguments_bytes = 256u << 10;  ///< longest canonical arguments that a person is asked about
  std::int64_t keep_arguments_us = 7LL * 24 * 3600 * 1'000'000;  ///< how long after a request is closed
  /// The log outlives a loss of power (`durability: power`), so that what it does not hold did not happen.
  bool log_survives_power_loss = false;
};

/// What happened to a request, for those who tell people.
struct Event {
  std::string_view name;  ///< `approval.requested`, `approval.decided`, `approval.expiring`, `approval.expired`, ...
  const store::ApprovalRow& request;
  std::int64_t left_us = 0;  ///< until the request, or what was decided, ends
};

/// What a person decides.
struct Choice {
  bool approve = false;
  std::string reason;                 ///< reaches the agent, where it is a denial
  std::optional<std::int64_t> for_s;  ///< approve every identical call for so long, instead of one
  std::string shown;                  ///< digest of what the person was shown (Details::shown); empty: not told
};

/// A request with all that a person may see of it. Times are wall time.
struct Details {
  store::ApprovalRow request;
  std::vector<Group> groups;
  std::vector<store::ApprovalVote> votes;
  std::vector<store::ApprovalUse> uses;
  std::optional<std::string> arguments;  ///< canonical JSON; nothing where removed, or not asked for
  std::string shown;                     ///< keyed digest of request, arguments and everything that binds, hex
};

/// Where calls that need a person ask, and people decide (policy.md section 6, docs/approvals.md). An approval is a
/// ticket for exactly one binding. Requests, votes and uses lie in the store; each change is one transaction, synced
/// before anybody is told, and stands in the log before it is committed, so that nothing takes effect unrecorded.
///
/// Time is the store's (store_clock.h): a step of the wall clock neither ends nor prolongs anything.
class Desk {
 public:
  /// `database` is written on the thread of `control`, on which everything below runs that does not say otherwise.
  /// `sealing_key`: 32 bytes. Those and the clock must outlive the desk, which must outlive all that asks it.
  static Result<std::unique_ptr<Desk>> create(store::Database& database, io::Loop& control, std::string_view sealing_key,
                                              const Options& options = {}, const Clock& clock = system_clock());
  ~Desk();
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  /// Before anything is asked: from here on events go into `log`. Gives back what an earlier process spent on calls
  /// whose intents the log in `directory` does not hold, and settles what expired meanwhile.
  Status start(audit::LogWriter& log, const std::string& directory);
  /// Who tells people; set before start().
  void set_observer(std::function<void(const Event&)> observer) { observer_ = std::move(observer); }
  void set_options(const Options& options) { options_ = options; }

  // --- any thread

  /// Spends an approval for the binding if there is one (durably, before `answer` runs: the call may then be forwarded,
  /// once), else makes or joins the request. A denial stands for identical calls until the request would have expired.
  /// `answer` runs once on `loop`.
  void ask(Ask ask, io::Loop& loop, std::move_only_function<void(Answer)> answer);
  /// `changed` runs once on `loop`, whose thread this is, when the request no longer waits (then ask() again: exactly
  /// one caller is granted), unless the returned handle is destroyed first.
  [[nodiscard]] Watch watch(const std::string& request, io::Loop& loop, std::move_only_function<void()> changed);
  /// The call `decision`, which was granted, did not run (limits full, connection refused, quota given back): its
  /// approval may be used again.
  void give_back(std::string decision);

  // --- control thread

  /// Newest first; `open_only`: those that wait, and approvals and denials that still hold.
  Result<std::vector<store::ApprovalRow>> list(const store::ApprovalFilter& filter);
  /// `id`: whole, or a beginning of at least kShortestPrefix characters that fits one request.
  Result<Details> show(std::string_view id, bool arguments);
  /// Votes for a request or denies it; see docs/approvals.md for who may.
  Result<Details> decide(std::string_view id, const identity::Actor& actor, const Choice& choice);
  /// Cancels what waits or holds for grants of which `lives` is false.
  Status cancel_others(const std::function<bool(std::string_view grant)>& lives);

  static constexpr std::size_t kShortestPrefix = 12;         ///< `apr_` and 8 characters
  static constexpr std::int64_t kLongestFor_s = 24 * 3600;
  static constexpr std::size_t kLongestReason = 500;  ///< bytes

 private:
  struct Waiting {
    Ask ask;
    io::Loop* loop;
    std::move_only_function<void(Answer)> answer;
  };
  /// What a transaction does to the world outside once it is committed.
  struct Told {
    std::string_view event;
    store::ApprovalRow request;
  };
  using Fields = std::vector<audit::EventRecord::Field>;

  Desk(store::Database& database, io::Loop& control, std::string_view sealing_key, const Options& options,
       const Clock& clock, std::int64_t store_us);

  void answer_all();
  Result<Answer> answer(const Ask& ask, std::int64_t now);
  Result<Answer> spend(store::ApprovalRow row, const std::string& decision, std::int64_t now);
  Result<Answer> request(const Ask& ask, const Digest& binding, std::int64_t now);
  Status take_back(const std::string& decision, const char* cause);
  Status recover(const std::string& directory);
  /// Ends what is over: requests that nobody answered, approvals unused, denials.
  Status settle_due();
  void due();
  void arm();
  Status flush_counts();
  Status settle(store::ApprovalRow& row, std::int64_t now);
  Status close(store::ApprovalRow& row, store::ApprovalState state, std::int64_t now);

  /// Runs `work` in a transaction; once that is committed, people and callers are told.
  Status change(const std::function<Status()>& work);
  bool record(std::string_view event, const store::ApprovalRow& row, Fields more = {});
  void tell(std::string_view event, const store::ApprovalRow& row) { told_.push_back({event, row}); }
  void tell_all();
  void wake(const std::string& request);
  Result<store::ApprovalRow> find(std::string_view id);
  Result<Details> details(store::ApprovalRow row, bool arguments);
  void to_wall(store::ApprovalRow& row) const;
  std::string display_digest(const Details& details) const;

  store::Approvals store_;
  io::Loop& control_;
  Sealer sealer_;
  std::string display_key_;
  Options options_;
  StoreClock clock_;
  audit::LogWriter* log_ = nullptr;
  std::function<void(const Event&)> observer_;

  std::mutex mutex_;
  std::vector<Waiting> queue_;  ///< guarded by mutex_

  // Control thread.
  std::unordered_map<std::string, std::vector<std::shared_ptr<Watch::State>>> watchers_;  ///< by request
  std::unordered_map<std::string, std::int64_t> joined_;  ///< calls that joined a request, not stored yet
  std::vector<Told> told_;                                ///< of the transaction under way
  io::Timer due_timer_;
};

}  // namespace doorward::approval
