#include "gateway/approval_wait.h"

#include <utility>

#include "gateway/exchange.h"
#include "gateway/worker.h"

namespace doorward::gateway {

ApprovalWait::ApprovalWait(Worker& worker, Exchange& exchange)
    : worker_(worker),
      exchange_(&exchange),
      patience_(io::call<&ApprovalWait::on_patience_out>, this),
      progress_(io::call<&ApprovalWait::on_progress_due>, this) {
  worker_.waits().push_back(this);
}

ApprovalWait::~ApprovalWait() {
  std::erase(worker_.waits(), this);
}

void ApprovalWait::ask(approval::Ask ask) {
  give_back();
  answer.reset();
  binding_ = ask.binding;
  decision_ = ask.decision;
  watch_ = {};
  approval::Desk& desk = *worker_.shared().options.desk;
  ask_ = ask;
  desk.ask(std::move(ask), worker_.loop(),
           [weak = weak_from_this(), &desk, decision = decision_, number = ++asks_](approval::Answer heard) {
             const std::shared_ptr<ApprovalWait> wait = weak.lock();
             if (wait && wait->exchange_ != nullptr && wait->asks_ == number) return wait->heard(std::move(heard));
             // Nobody is there to make the call any more.
             if (heard.standing == approval::Standing::granted) desk.give_back(decision);
           });
}

void ApprovalWait::heard(approval::Answer heard) {
  granted = heard.standing == approval::Standing::granted;
  answer = std::move(heard);
  exchange_->on_people_heard();
}

void ApprovalWait::watch() {
  watch_ = worker_.shared().options.desk->watch(answer->request, worker_.loop(), [this] { on_changed(); });
}

void ApprovalWait::on_changed() {
  ask_.request = answer->request;
  ask(ask_);
}

void ApprovalWait::be_patient_for(std::int64_t hold_us) {
  if (!patience_.armed()) patience_.arm(worker_.loop(), hold_us);
}

void ApprovalWait::on_patience_out() {
  patience_out = true;
  exchange_->on_patience_out();
}

void ApprovalWait::report_every(std::int64_t interval_us) {
  interval_us_ = interval_us;
  if (!progress_.armed()) progress_.arm(worker_.loop(), interval_us_);
}

void ApprovalWait::on_progress_due() {
  progress_.arm(worker_.loop(), interval_us_);
  exchange_->on_progress_due();
}

void ApprovalWait::stop_timers() {
  patience_.disarm();
  progress_.disarm();
}

void ApprovalWait::give_back() {
  if (std::exchange(granted, false)) worker_.shared().options.desk->give_back(decision_);
}

void ApprovalWait::end() {
  if (!sent) give_back();
  exchange_ = nullptr;
  watch_ = {};
  stop_timers();
}

}  // namespace doorward::gateway
