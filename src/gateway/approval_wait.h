#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "approval/desk.h"
#include "io/loop.h"
#include "policy/decide.h"

namespace doorward::gateway {

class Exchange;
class OwnTask;
class Worker;

/// What one call has asked of people, and for how long it waits for their answer (docs/approvals.md). Its exchange
/// decides by it; this only asks, watches and measures time. Worker's thread.
class ApprovalWait final : public std::enable_shared_from_this<ApprovalWait> {
 public:
  /// How the waiting is spent.
  enum class Manner : std::uint8_t {
    none,      ///< it has not begun
    held,      ///< the answer is held, with progress where the client asked for it
    question,  ///< and the client was given the page where its user can decide
    task,      ///< the client has a task of ours
  };

  ApprovalWait(Worker& worker, Exchange& exchange);
  ~ApprovalWait();
  ApprovalWait(const ApprovalWait&) = delete;
  ApprovalWait& operator=(const ApprovalWait&) = delete;

  /// Asks the desk; Exchange::on_people_heard() when `answer` stands. What was asked before counts no more.
  void ask(approval::Ask ask);
  bool asked_for(const approval::Binding& binding) const { return binding_ && *binding_ == binding; }
  const std::string& decision() const { return decision_; }

  /// Of the request that waits: asks again when it is decided.
  void watch();
  /// Exchange::on_patience_out() after so long; the first of several counts.
  void be_patient_for(std::int64_t hold_us);
  /// Exchange::on_progress_due() every so often.
  void report_every(std::int64_t interval_us);
  /// Neither is wanted any more.
  void stop_timers();

  /// The call did not run: its approval can be used again.
  void give_back();
  /// The exchange has ended; nothing more is called.
  void end();

  Exchange* exchange() const { return exchange_; }

  std::string text;                       ///< the call's message, as it is judged
  std::optional<approval::Answer> answer;  ///< nothing while the desk is asked
  std::optional<policy::Decision> decision_made;  ///< that asks for people
  std::string asked_of;                   ///< whom, for people
  Manner manner = Manner::none;
  std::shared_ptr<OwnTask> task;
  std::string before;        ///< the request that an earlier leg of this call waited for
  unsigned legs = 0;         ///< rounds of this call that have been answered with "wait"
  unsigned reports = 0;      ///< of progress
  bool granted = false;      ///< an approval is spent on this call, and can be given back
  bool sent = false;         ///< the call may have reached the server
  bool declined = false;     ///< by the client's own user
  bool patience_out = false;

 private:
  void heard(approval::Answer heard);
  void on_changed();
  void on_patience_out();
  void on_progress_due();

  Worker& worker_;
  Exchange* exchange_;
  std::optional<approval::Binding> binding_;
  approval::Ask ask_;
  std::string decision_;
  std::uint64_t asks_ = 0;  ///< so far; an answer to an earlier one is stale
  approval::Watch watch_;
  io::Timer patience_;
  io::Timer progress_;
  std::int64_t interval_us_ = 0;
};

}  // namespace doorward::gateway
