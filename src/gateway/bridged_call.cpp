#include "gateway/bridged_call.h"

#include <utility>

#include "gateway/bridge_to_modern.h"
#include "gateway/worker.h"
#include "mcp/denial.h"

namespace doorward::gateway {

BridgedCall::BridgedCall(BridgeToModern& bridge, Session& session, std::uint64_t id, upstream::Call& call)
    : bridge_(bridge),
      session_(session),
      id_(id),
      call_(&call),
      task_([](void* self) { static_cast<BridgedCall*>(self)->run_later(); }, this) {}

BridgedCall::~BridgedCall() {
  if (ticket_ != nullptr) ticket_->cancel();
  bridge_.worker().loop().withdraw(task_);
}

void BridgedCall::later(Later what) {
  later_ = what;
  if (std::exchange(queued_, true)) return;
  bridge_.worker().loop().defer(task_);
}

void BridgedCall::run_later() {
  queued_ = false;
  if (done()) return;
  switch (std::exchange(later_, Later::nothing)) {
    case Later::nothing:
      return;
    case Later::answer:
      give_answer(answer_);
      return finish();
    case Later::fail:
      return fail({failure_, true, detail_});
    case Later::go_on:
      return go_on();
  }
}

void BridgedCall::answer_result_later(std::string_view result) {
  answer_.clear();
  mcp::append_result(answer_, std::to_string(id_), result);
  later(Later::answer);
}

void BridgedCall::answer_error_later(mcp::ErrorCode code, std::string_view message) {
  answer_.clear();
  mcp::append_error(answer_, std::to_string(id_), code, message);
  later(Later::answer);
}

void BridgedCall::fail_later(upstream::FailureKind kind, const char* detail) {
  if (done() || answered_) return;
  give_up_upstream();
  failure_ = kind;
  detail_ = detail;
  later(Later::fail);
}

void BridgedCall::cancel() {
  call_ = nullptr;
  give_up_upstream();
}

void BridgedCall::pause() {
  paused_ = true;
  if (ticket_ != nullptr) ticket_->pause();
}

void BridgedCall::resume() {
  paused_ = false;
  if (ticket_ != nullptr) ticket_->resume();
}

void BridgedCall::take_ticket(upstream::Ticket* ticket) {
  ticket_ = ticket;
  if (paused_) ticket_->pause();
}

Status BridgedCall::sent_modern(std::uint64_t number, Result<upstream::Ticket*> sent) {
  if (!sent) return std::unexpected(sent.error());
  number_ = number;
  modern_ = true;
  take_ticket(*sent);
  return {};
}

void BridgedCall::give_up_upstream() {
  if (ticket_ == nullptr) return;
  std::exchange(ticket_, nullptr)->cancel();
  if (modern_) bridge_.tell_cancelled(session_, number_);
}

void BridgedCall::begin_answer() {
  if (std::exchange(begun_, true) || done()) return;
  call_->on_head(200, {}, stream_);
}

void BridgedCall::give_answer(std::string_view text) {
  begin_answer();
  if (done()) return;
  answered_ = true;
  call_->on_message(text);
}

void BridgedCall::finish() {
  if (done()) return;
  std::exchange(call_, nullptr)->on_end();
}

void BridgedCall::fail(const upstream::Failure& failure) {
  if (done()) return;
  give_up_upstream();
  std::exchange(call_, nullptr)->on_failure(failure);
}

}  // namespace doorward::gateway
