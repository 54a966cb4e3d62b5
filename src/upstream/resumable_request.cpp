#include "upstream/resumable_request.h"

#include <algorithm>
#include <charconv>

#include "mcp/envelope.h"

namespace doorward::upstream {
namespace {

constexpr std::int64_t kDefaultPauseMs = 1'000;
constexpr std::int64_t kShortestPauseMs = 10;
constexpr std::int64_t kShortestPauseAfterNothingMs = 100;
constexpr std::int64_t kLongestPauseMs = 30'000;
constexpr unsigned kMostFruitless = 8;

}  // namespace

void ResumableRequest::begin(const HttpRequest& request, Call& call) {
  call_ = &call;
  lines_ = request.lines;
  point_.reset();
  id_ = request.id;
  progress_us_ = pool_.loop_.now_us();
  fruitless_ = 0;
  refused_ = 0;
  listening_ = request.listening;
  stream_ = reopening_ = answered_ = paused_ = patient_ = false;
  ticket_ = &pool_.exchange(request, *this, &point_);
}

Call& ResumableRequest::release() {
  Call& call = *call_;
  call_ = nullptr;
  ticket_ = nullptr;
  timer_.disarm();
  pool_.give_back(*this);
  return call;
}

void ResumableRequest::cancel() {
  if (ticket_ != nullptr) ticket_->cancel();
  release();
}

void ResumableRequest::pause() {
  paused_ = true;
  if (ticket_ != nullptr) ticket_->pause();
}

void ResumableRequest::resume() {
  paused_ = false;
  if (ticket_ != nullptr) ticket_->resume();
}

void ResumableRequest::set_patient(bool patient) {
  patient_ = patient;
  progress_us_ = pool_.loop_.now_us();
  if (ticket_ != nullptr) ticket_->set_patient(patient);
}

void ResumableRequest::on_head(int status, std::string_view session, bool stream) {
  if (reopening_) {
    reopening_ = false;
    if (status != 200 || !stream) refused_ = status;
    if (patient_) ticket_->set_patient(true);
    return;
  }
  stream_ = stream && status == 200;
  // The answer to initialize opens the session in which its own stream is taken up again.
  if (stream_ && !session.empty() && lines_.find("Mcp-Session-Id: ") == std::string::npos) {
    lines_.append("Mcp-Session-Id: ").append(session).append("\r\n");
  }
  call_->on_head(status, session, stream);
}

void ResumableRequest::on_message(std::string_view text) {
  if (refused_ != 0) return;
  if (resumable() && is_answer(text)) answered_ = true;
  call_->on_message(text);
}

bool ResumableRequest::is_answer(std::string_view text) {
  if (id_ == 0) return false;
  json::Limits limits;
  limits.bytes = pool_.settings_->result_bytes;
  const auto root = pool_.reader_.read(text, limits);
  if (!root) return true;  // the call ends by this, whatever it was
  const auto message = mcp::read_message(*root, mcp::Sender::server);
  if (!message) return true;
  if (message->kind != mcp::Kind::result && message->kind != mcp::Kind::error) return false;
  char digits[24];
  const std::string_view id(digits, std::to_chars(digits, digits + sizeof digits, id_).ptr);
  return message->id.is(json::Type::number) && message->id.number() == id;
}

void ResumableRequest::on_end() {
  ticket_ = nullptr;
  if (refused_ == 404) return give_up(FailureKind::session_lost, "the server answered 404 in this session");
  if (refused_ != 0 && refused_ < 500 && refused_ != 429) {
    return give_up(FailureKind::closed, "the server ended the stream and does not let it be taken up again");
  }
  if (!resumable()) return release().on_end();
  come_back();
}

void ResumableRequest::on_failure(const Failure& failure) {
  ticket_ = nullptr;
  const bool temporary = failure.kind != FailureKind::protocol && failure.kind != FailureKind::too_large;
  if (resumable() && (failure.kind == FailureKind::closed || (reopening_ && temporary))) return come_back();
  Failure told = failure;
  told.sent = told.sent || stream_;
  release().on_failure(told);
}

void ResumableRequest::come_back() {
  const std::int64_t now = pool_.loop_.now_us();
  const bool attempt_failed = reopening_ || refused_ != 0;
  if (!attempt_failed && point_.progress()) {
    fruitless_ = 0;
    progress_us_ = now;
  } else {
    ++fruitless_;
  }
  const std::int64_t patience_us = pool_.settings_->timeouts.stream_idle.count() * 1000;
  const bool waiting = !listening_ && !patient_;
  if (fruitless_ > kMostFruitless || (waiting && now - progress_us_ > patience_us)) {
    return give_up(FailureKind::closed, "the stream broke off and could not be taken up again");
  }
  std::int64_t pause_ms = point_.retry_ms().value_or(kDefaultPauseMs);
  pause_ms = std::clamp(pause_ms, fruitless_ > 0 ? kShortestPauseAfterNothingMs : kShortestPauseMs,
                        kLongestPauseMs);
  timer_.arm(pool_.loop_, std::min(pause_ms << fruitless_, kLongestPauseMs) * 1000);
  if (!attempt_failed) call_->on_suspended(point_.retry_ms());
}

void ResumableRequest::take_up() {
  point_.taken_up();
  refused_ = 0;
  reopening_ = true;
  std::string lines = lines_;
  lines.append("Last-Event-ID: ").append(point_.id()).append("\r\n");
  ticket_ = &pool_.exchange(
      {.method = http::Method::get, .lines = lines, .body = {}, .listening = listening_}, *this, &point_);
  if (paused_) ticket_->pause();
}

void ResumableRequest::give_up(FailureKind kind, std::string_view why) {
  release().on_failure({kind, true, why});
}

}  // namespace doorward::upstream
