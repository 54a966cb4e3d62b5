#include "upstream/authorized_request.h"

#include <utility>

namespace doorward::upstream {
namespace {

/// The control thread answers every wish; this is for one that it forgot.
constexpr std::int64_t kPatienceUs = 45'000'000;

}  // namespace

void AuthorizedRequest::begin(const HttpRequest& request, Call& call) {
  call_ = &call;
  ticket_ = nullptr;
  lines_ = request.lines;
  path_ = request.path;
  hops_ = request.hops;
  body_.clear();
  for (const std::string_view piece : request.body) body_ += piece;
  body_piece_ = body_;
  request_ = request;
  request_.lines = lines_;
  request_.path = path_;
  request_.hops = hops_;
  request_.body = {&body_piece_, request.body.empty() ? 0u : 1u};
  deadline_us_ = INT64_MAX;
  token_ = 0;
  refused_ = paused_ = patient_ = false;
  const TokenState& state = pool_.token();
  if (state.usable(pool_.loop_.wall_us())) return send();
  if (pool_.loop_.wall_us() < state.retry_us) {
    problem_ = state.problem;
    return pool_.loop_.defer(refuse_task_);
  }
  token_ = state.token;
  wait_for(TokenNeed::missing);
}

void AuthorizedRequest::send() {
  token_ = pool_.token().token;
  pool_.account_.slot->used();
  deadline_us_ = INT64_MAX;
  ticket_ = &pool_.send(request_, *this);
  if (paused_) ticket_->pause();
  if (patient_) ticket_->set_patient(true);
}

void AuthorizedRequest::wait_for(TokenNeed need) {
  deadline_us_ = pool_.loop_.now_us() + kPatienceUs;
  pool_.demand({nullptr, need, token_, std::exchange(challenge_, {})});
}

void AuthorizedRequest::token_changed() {
  if (call_ == nullptr || ticket_ != nullptr || deadline_us_ == INT64_MAX) return;
  const TokenState& state = pool_.token();
  if (state.usable(pool_.loop_.wall_us()) && (state.token != token_ || !refused_)) return send();
  problem_ = state.problem;
  refuse();
}

void AuthorizedRequest::check_deadline(std::int64_t now_us) {
  if (call_ == nullptr || now_us < deadline_us_) return;
  problem_ = "no token came in time";
  refuse();
}

void AuthorizedRequest::on_head(int status, std::string_view session, bool stream) {
  const bool scope = status == 403 && challenge_.insufficient_scope();
  if (status != 401 && !scope) return call_->on_head(status, session, stream);
  std::exchange(ticket_, nullptr)->cancel();
  if (refused_) {
    problem_ = scope ? "the server asks for more rights again and again" : "the server refuses a fresh token";
    return refuse();
  }
  refused_ = true;
  const TokenState& state = pool_.token();
  // Another request has brought the next token meanwhile.
  if (!scope && state.token != token_ && state.usable(pool_.loop_.wall_us())) return send();
  wait_for(scope ? TokenNeed::scope : TokenNeed::refused);
}

void AuthorizedRequest::refuse() {
  const std::string why = std::exchange(problem_, {});
  release().on_failure({FailureKind::unauthorized, false, why});
}

Call& AuthorizedRequest::release() {
  Call& call = *std::exchange(call_, nullptr);
  ticket_ = nullptr;
  deadline_us_ = INT64_MAX;
  pool_.give_back(*this);
  return call;
}

void AuthorizedRequest::cancel() {
  if (ticket_ != nullptr) ticket_->cancel();
  pool_.loop_.withdraw(refuse_task_);
  release();
}

void AuthorizedRequest::pause() {
  paused_ = true;
  if (ticket_ != nullptr) ticket_->pause();
}

void AuthorizedRequest::resume() {
  paused_ = false;
  if (ticket_ != nullptr) ticket_->resume();
}

void AuthorizedRequest::set_patient(bool patient) {
  patient_ = patient;
  if (ticket_ != nullptr) ticket_->set_patient(patient);
}

}  // namespace doorward::upstream
