#include "gateway/held_message.h"

#include <utility>

namespace doorward::gateway {

StoredMessage::StoredMessage(const Outgoing& message)
    : mirror_lines_(message.mirror_lines), grant_(message.grant), hops_(message.hops), outgoing_(message) {
  for (std::string_view piece : message.json) json_ += piece;
  piece_ = json_;
  outgoing_.json = {&piece_, 1};
  outgoing_.mirror_lines = mirror_lines_;
  outgoing_.grant = grant_;
  outgoing_.hops = hops_;
}

void HeldMessage::sent(Result<upstream::Ticket*> result) {
  if (!result) return fail({upstream::FailureKind::start, false, result.error().message});
  ticket_ = *result;
  if (ticket_ == nullptr) return on_end();
  if (paused_) ticket_->pause();
}

void HeldMessage::fail(const upstream::Failure& failure) {
  ticket_ = nullptr;
  std::exchange(call_, nullptr)->on_failure(failure);
}

void HeldMessage::cancel() {
  call_ = nullptr;
  if (ticket_ != nullptr) std::exchange(ticket_, nullptr)->cancel();
}

void HeldMessage::pause() {
  paused_ = true;
  if (ticket_ != nullptr) ticket_->pause();
}

void HeldMessage::resume() {
  paused_ = false;
  if (ticket_ != nullptr) ticket_->resume();
}

void HeldMessage::set_patient(bool patient) {
  if (ticket_ != nullptr) ticket_->set_patient(patient);
}

void HeldMessage::on_head(int status, std::string_view session, bool stream) {
  call_->on_head(status, session, stream);
}

void HeldMessage::on_message(std::string_view text) {
  call_->on_message(text);
}

void HeldMessage::on_priming(std::optional<std::uint32_t> retry_ms) {
  call_->on_priming(retry_ms);
}

void HeldMessage::on_suspended(std::optional<std::uint32_t> retry_ms) {
  call_->on_suspended(retry_ms);
}

void HeldMessage::on_end() {
  ticket_ = nullptr;
  std::exchange(call_, nullptr)->on_end();
}

void HeldMessage::on_failure(const upstream::Failure& failure) {
  fail(failure);
}

}  // namespace doorward::gateway
