#include "gateway/session_request.h"

#include <utility>

#include "gateway/server_link.h"
#include "gateway/session.h"
#include "gateway/worker.h"

namespace doorward::gateway {

SessionRequest::~SessionRequest() {
  if (ticket_ != nullptr) ticket_->cancel();
}

void SessionRequest::send(mcp::Method method, std::string_view params, Done done) {
  done_ = std::move(done);
  Outgoing message;
  std::string json = R"({"jsonrpc":"2.0",)";
  if (!mcp::is_notification(method)) {
    message.id = worker_.next_number();
    number_ = std::to_string(message.id);
    json.append("\"id\":").append(number_).append(",");
  }
  json.append("\"method\":\"").append(mcp::to_string(method)).append("\"");
  if (!params.empty()) json.append(",\"params\":").append(params);
  json += '}';
  const std::string_view piece = json;
  message.json = {&piece, 1};
  message.session = session_.get();
  message.revision = session_->revision;
  message.method = method;
  const Result<upstream::Ticket*> sent = link_.send_native(message, *this);
  if (!sent) return on_failure({upstream::FailureKind::start, false, sent.error().message});
  ticket_ = *sent;
  if (ticket_ == nullptr) finish({});
}

void SessionRequest::open(http::Method method, Done done) {
  done_ = std::move(done);
  ticket_ = &link_.open_native(method, *session_, *this);
}

void SessionRequest::on_head(int status, std::string_view session, bool) {
  status_ = status;
  session_id_ = session;
}

void SessionRequest::on_message(std::string_view text) {
  json::Limits limits;
  limits.bytes = link_.settings().result_bytes;
  const auto root = reader_.read(text, limits);
  if (!root) return;
  const auto message = mcp::read_message(*root, mcp::Sender::server);
  if (!message) return;
  const bool answers = message->kind == mcp::Kind::result || message->kind == mcp::Kind::error;
  if (!answers) {
    if (session_->ear != nullptr) session_->ear->on_server_message(text, *message);
    return;
  }
  const bool ours = message->id.is(json::Type::number) && message->id.number() == number_;
  const bool unaddressed = message->kind == mcp::Kind::error && !message->id && status_ >= 400;
  if (!number_.empty() && (ours || unaddressed) && answer_.empty()) answer_ = text;
}

void SessionRequest::on_end() {
  ticket_ = nullptr;
  SessionAnswer answer;
  answer.status = status_;
  answer.session_id = session_id_;
  if (answer_.empty()) {
    const upstream::Failure failure{upstream::FailureKind::protocol, true,
                                    "the server ended without an answer"};
    if (!number_.empty()) answer.failure = &failure;
    return finish(answer);
  }
  json::Limits limits;
  limits.bytes = link_.settings().result_bytes;
  const auto root = reader_.read(answer_, limits);
  const auto message = mcp::read_message(*root, mcp::Sender::server);
  answer.message = &*message;
  answer.text = answer_;
  finish(answer);
}

void SessionRequest::on_failure(const upstream::Failure& failure) {
  ticket_ = nullptr;
  SessionAnswer answer;
  answer.failure = &failure;
  answer.status = status_;
  finish(answer);
}

void SessionRequest::finish(const SessionAnswer& answer) {
  Done done = std::exchange(done_, {});
  done(answer);
}

}  // namespace doorward::gateway
