#include "gateway/exchange.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/hash.h"
#include "gateway/worker.h"
#include "json/writer.h"

namespace doorward::gateway {

void Exchange::reset(Front& front, const Caller& caller) {
  front_ = &front;
  caller_ = caller;
  address_ = caller.client_address;
  client_name_ = caller.client_name;
  hops_ = caller.hops;
  caller_.client_address = address_;
  caller_.hops = hops_;
  caller_.client_name = client_name_;
  text_ = {};
  client_id_.clear();
  client_token_.clear();
  tool_.clear();
  method_name_.clear();
  mirror_lines_.clear();
  opened_state_.clear();
  asked_.clear();
  task_.clear();
  input_responses_.clear();
  wipe(injected_);
  outcome_code_ = {};
  new_session_.clear();
  id_ = worker_.ids().next();
  number_ = 0;
  number_text_.clear();
  started_us_ = worker_.loop().now_us();
  held_us_ = -1;
  method_ = mcp::Method::unknown;
  stage_ = Stage::idle;
  request_ = intent_recorded_ = refreshed_ = listed_ = stream_ = streamed_ = primed_ = responded_ = listening_ =
      closing_ = lost_ = quota_returned_ = false;
  status_ = 0;
  answer_status_ = 200;
  ticket_ = nullptr;
  wait_.reset();
  reservation_.clear();
  deltas_.clear();
}

void Exchange::begin(Front& front, const Caller& caller, std::string_view text, const mcp::Message& message) {
  reset(front, caller);
  text_ = text;
  method_ = message.method;
  method_name_ = message.method_name;
  request_ = message.kind == mcp::Kind::request;
  listening_ = method_ == mcp::Method::subscriptions_listen;
  first_page_ = !message.params.find("cursor");
  wants_task_ = message.method == mcp::Method::tools_call && message.params.find("task") &&
                mcp::era_of(caller.revision) == mcp::Era::legacy;
  wants_log_ = static_cast<bool>(message.meta.find(mcp::kMetaLogLevel));
  if (request_) {
    client_id_ = bytes_of_value(text, message.id);
    if (message.progress_token) client_token_ = bytes_of_value(text, message.progress_token);
    number_ = worker_.next_number();
    char digits[24];
    number_text_.assign(digits, std::to_chars(digits, digits + sizeof(digits), number_).ptr);
    if (caller_.session) caller_.session->running.push_back(this);
  }
  judge(message);
}

void Exchange::begin_listening(Front& front, const Caller& caller) {
  reset(front, caller);
  listening_ = true;
  caller_.session->listener = this;
  stage_ = Stage::forwarded;
  const bool silent = caller_.session->channel || caller_.server->settings().is_builtin();
  if (silent && caller_.session->bridge == nullptr) {
    streamed_ = true;
    front.open_stream({});
    return;
  }
  ticket_ = &caller_.server->open(http::Method::get, *caller_.session, *this);
}

void Exchange::begin_closing(Front& front, const Caller& caller) {
  reset(front, caller);
  closing_ = true;
  stage_ = Stage::forwarded;
  worker_.record_event("session.ended", {{"grant", caller_.grant->grant->configured_id()},
                                         {"server", caller_.server->settings().name},
                                         {"session", caller_.session->digest}});
  if (!caller_.session->channel && !caller_.session->upstream_id.empty()) {
    ticket_ = &caller_.server->open(http::Method::del, *caller_.session, *this);
    return;
  }
  worker_.end_session(*caller_.session);
  Front* to = front_;
  release();
  to->answer(204, {}, {});
}

void Exchange::abandon(std::string_view why) {
  if (stage_ == Stage::idle) return;
  front_ = nullptr;
  if (stage_ == Stage::approval) return end_waiting(why);
  if (stage_ == Stage::listing) caller_.server->stop_waiting(*this);
  if (stage_ == Stage::intent || stage_ == Stage::outcome) worker_.stop_waiting(*this);
  if (ticket_ != nullptr) {
    ticket_->cancel();
    ticket_ = nullptr;
    if (request_ && !responded_ && caller_.session != nullptr) tell_cancelled();
  }
  if (intent_recorded_ && !responded_) {
    responded_ = true;
    record_outcome("cancelled", why, 0, false, 0, {});
  }
  release();
}

void Exchange::cancelled_by_client() {
  const bool waits = stage_ == Stage::approval;
  if ((stage_ != Stage::forwarded && !waits) || responded_) return;
  if (ticket_ != nullptr) ticket_->cancel();
  ticket_ = nullptr;
  responded_ = true;
  if (waits) {
    record_not_run("client_cancelled");
  } else {
    record_outcome("cancelled", "client_cancelled", 0, false, 0, {});
  }
  answer_.clear();
  // Only a POST needs an end of its own.
  if (front_ != nullptr && !front_->shares_stream()) {
    mcp::append_error(answer_, client_id_, mcp::ErrorCode::internal_error,
                      "The request was cancelled by its client.");
  }
  stream_ = false;
  when_durable(Then::answer);
}

void Exchange::tell_cancelled() {
  std::string json = R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" +
                     number_text_ + R"(,"reason":"The client has gone."}})";
  worker_.send_notice(*caller_.server, caller_.session, caller_.revision, std::move(json));
}

void Exchange::pause() {
  if (ticket_ != nullptr) ticket_->pause();
}

void Exchange::resume() {
  if (ticket_ != nullptr) ticket_->resume();
}

std::string_view Exchange::opened_session() const {
  const bool opens = method_ == mcp::Method::initialize && caller_.session != nullptr;
  return opens ? std::string_view(caller_.session->id) : std::string_view();
}

void Exchange::continue_in(Front& front) {
  text_ = wait_ != nullptr ? std::string_view(wait_->text) : std::string_view();
  if (front_ != nullptr) front_ = &front;
}

void Exchange::relay(std::string_view text) {
  if (front_ == nullptr) return;
  const std::string_view piece = text;
  front_->send({&piece, 1}, {});
}

void Exchange::record_outcome(std::string_view result, std::string_view code, std::int64_t rpc_error,
                              bool is_error, std::size_t bytes, std::string_view reason) {
  audit::OutcomeRecord record;
  record.id = id_.view();
  record.time_us = worker_.loop().wall_us();
  record.result = result;
  record.code = code;
  record.grant = caller_.grant->grant->configured_id();
  record.server = caller_.server->settings().name;
  record.method = method_name_;
  record.tool = tool_;
  record.upstream_status = status_;
  record.rpc_error = rpc_error;
  const std::int64_t answered_us = worker_.loop().now_us();
  worker_.loop().refresh_time();
  record.duration_us = worker_.loop().now_us() - started_us_;
  if (held_us_ >= 0) worker_.counters().added(held_us_ + worker_.loop().now_us() - answered_us);
  record.result_bytes = bytes;
  record.is_error = is_error;
  if (quota_returned_) record.quota = deltas_;
  record.reason = reason;
  worker_.counters().ended(result, record.duration_us);
  audit::OutcomeBuffer buffer;
  worker_.ring().append_outcome(audit::write_outcome(record, buffer));
}

void Exchange::when_durable(Then then) {
  then_ = then;
  if (!worker_.power_durability()) return go_on();
  if (!worker_.shared().log->accepting()) {
    stage_ = then == Then::forward ? Stage::intent : Stage::outcome;
    return on_log_failed();
  }
  stage_ = then == Then::forward ? Stage::intent : Stage::outcome;
  worker_.wait_durable(*this);
}

void Exchange::on_durable() {
  go_on();
}

void Exchange::on_log_failed() {
  // A denial is answered all the same: nothing ran that the log would have to know of.
  if (!intent_recorded_) return go_on();
  const bool forwarded = stage_ == Stage::outcome;
  answer_.clear();
  mcp::append_error(
      answer_, client_id_, mcp::ErrorCode::internal_error,
      forwarded ? "The gateway cannot record calls at the moment, so it withholds this answer; the call "
                  "may have run. Check before you repeat it."
                : "The gateway cannot record calls at the moment, so it forwards none. Try again later.");
  answer_status_ = 503;
  stream_ = false;
  if (!forwarded) {
    worker_.shared().quotas->release(reservation_);
    record_outcome("error", "log_unavailable", 0, true, 0, {});
  }
  responded_ = true;
  then_ = Then::answer;
  go_on();
}

void Exchange::go_on() {
  if (then_ == Then::forward) return transmit();
  // The exchange may be used again as soon as its front is answered.
  Front* to = front_;
  const bool streams = stream_ || streamed_;
  const int status = answer_status_;
  stage_ = Stage::settled;
  front_ = nullptr;
  const bool waits = ticket_ != nullptr;
  if (to != nullptr) {
    const std::string_view piece = answer_;
    const Front::Pieces pieces{&piece, answer_.empty() ? 0u : 1u};
    if (streams && !answer_.empty()) {
      to->send(pieces, new_session_);
      to->end_stream();
    } else {
      to->answer(status, pieces, new_session_);
    }
  }
  if (!waits) release();
}

void Exchange::release() {
  if (stage_ == Stage::idle && front_ == nullptr && caller_.grant == nullptr) return;
  stage_ = Stage::idle;
  front_ = nullptr;
  ticket_ = nullptr;
  if (wait_ != nullptr) std::exchange(wait_, nullptr)->end();
  if (caller_.session) {
    std::erase(caller_.session->running, this);
    if (caller_.session->listener == this) caller_.session->listener = nullptr;
    std::erase_if(caller_.session->asked, [this](const Asked& asked) { return asked.exchange == this; });
  }
  caller_ = Caller{};
  wipe(injected_);
  worker_.give_back(*this);
}

}  // namespace doorward::gateway
