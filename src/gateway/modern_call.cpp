#include "gateway/modern_call.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "gateway/bridge_to_modern.h"
#include "gateway/worker.h"
#include "json/copy.h"
#include "json/writer.h"
#include "mcp/denial.h"
#include "mcp/header_mirror.h"
#include "mcp/to_legacy.h"

namespace doorward::gateway {
namespace {

/// Of one request; a server that asks on and on is broken.
constexpr unsigned kMostRounds = 32;

bool may_require_input(mcp::Method method) {
  return method == mcp::Method::tools_call || method == mcp::Method::prompts_get ||
         method == mcp::Method::resources_read;
}

/// Whether a server answers so that knows sessions and misses one: the legacy SDKs' own codes, by HTTP status.
bool wants_session(int status, std::string_view code) {
  return (status == 400 || status == 404) && code.size() == 6 && (code.starts_with("-3200") || code.starts_with("-3201"));
}

bool is_number(json::Value value, std::uint64_t number) {
  return value.is(json::Type::number) && value.number() == std::to_string(number);
}

}  // namespace

ModernCall::ModernCall(BridgeToModern& bridge, const Outgoing& message, std::string text, upstream::Call& call)
    : BridgedCall(bridge, *message.session, message.id, call),
      text_(std::move(text)),
      grant_(message.grant),
      method_(message.method),
      listening_(message.listening) {}

ModernCall::~ModernCall() {
  if (relisting_) bridge_.link().stop_waiting(*this);
}

Status ModernCall::start() {
  return send_round();
}

Status ModernCall::send_round() {
  ModernSession* session = bridge_.find(session_);
  if (session == nullptr) return doorward::fail(ErrorKind::unavailable, "the session has ended");
  const std::optional<mcp::Message> request = bridge_.read(text_, mcp::Sender::client);
  if (!request) return doorward::fail(ErrorKind::unavailable, "the request cannot be read");
  first_page_ = !request->params.find("cursor");
  Outgoing message;
  message.id = rounds_ == 0 && !relisted_ ? id_ : bridge_.worker().next_number();
  std::string json;
  mcp::append_modern_request(json, text_, *request, std::to_string(message.id), session->self(), round_);
  std::string lines;
  mcp::append_mirror_lines(lines, *request, mcp::Revision::v2026_07_28);
  if (method_ == mcp::Method::tools_call) {
    const KnownTool* tool = bridge_.link().tools().find(request->params.find("name").string());
    // Rounds go on for as long as the client thinks; the server may have changed the tool meanwhile (T149).
    if (tool == nullptr || !tool->offered()) {
      return doorward::fail(ErrorKind::unavailable, "the tool is not the one that the call was judged by any more");
    }
    tool->mirror.append_lines(lines, request->params.find("arguments"));
  }
  const std::string_view piece = json;
  message.json = {&piece, 1};
  message.session = &session_;
  message.revision = mcp::Revision::v2026_07_28;
  message.mirror_lines = lines;
  message.listening = listening_;
  message.method = method_;
  message.grant = grant_;
  after_ = After::failure;
  status_ = 0;
  return sent_modern(message.id, bridge_.link().send_native(message, *this));
}

void ModernCall::go_on() {
  give_up_upstream();
  if (!refusal_.empty()) {
    refuse(refusal_);
    return finish();
  }
  if (open_questions_ == 0 && !asks_.empty()) {
    round_.responses = mcp::input_responses(asks_);
    asks_.clear();
  }
  if (const Status sent = send_round(); !sent) {
    fail({upstream::FailureKind::start, true, sent.error().message});
  }
}

void ModernCall::cancel() {
  BridgedCall::cancel();
  if (ModernSession* session = bridge_.find(session_)) session->forget_questions(id_);
}

void ModernCall::tick() {
  const std::int64_t patience = bridge_.worker().shared().options.session_timeout.count() * 1000;
  if (open_questions_ > 0 && bridge_.worker().loop().now_us() - asked_us_ > patience) {
    fail_later(upstream::FailureKind::timeout, "the client did not answer what the server asked");
  }
}

void ModernCall::on_tools_listed(bool) {
  relisting_ = false;
  if (!done()) later(Later::go_on);
}

void ModernCall::on_head(int status, std::string_view, bool stream) {
  status_ = status;
  stream_ = stream;
}

void ModernCall::on_message(std::string_view text) {
  if (done() || after_ != After::failure) return;
  const std::optional<mcp::Message> message = bridge_.read(text, mcp::Sender::server);
  if (!message) return break_off("the server's message is not valid");
  switch (message->kind) {
    case mcp::Kind::notification:
      return on_notification(text, *message);
    case mcp::Kind::request:
      return bridge_.protocol_error("a modern server sends a request");
    case mcp::Kind::result:
    case mcp::Kind::error:
      break;
  }
  const bool unaddressed = message->kind == mcp::Kind::error && status_ >= 400 && !message->id;
  if (!unaddressed && !is_number(message->id, number_)) {
    return bridge_.protocol_error("an answer to no request of ours");
  }
  if (message->kind == mcp::Kind::result) return on_result(text, *message);
  on_error(text, *message);
}

void ModernCall::on_notification(std::string_view text, const mcp::Message& message) {
  const ModernSession* session = bridge_.find(session_);
  if (session == nullptr || !mcp::exists(message.method, session->revision(), mcp::Sender::server)) return;
  if (message.method == mcp::Method::cancelled) return;
  if (message.method == mcp::Method::progress && !is_number(message.params.find("progressToken"), number_)) return;
  std::string legacy;
  mcp::append_legacy_notification(legacy, text, message, session->revision(), std::to_string(id_));
  begin_answer();
  if (!done()) call_->on_message(legacy);
}

void ModernCall::on_result(std::string_view text, const mcp::Message& message) {
  const ModernSession* session = bridge_.find(session_);
  if (session == nullptr) return;
  const json::Value type = message.result.find("resultType");
  const std::string_view kind = type.is(json::Type::string) ? type.string() : type ? "" : "complete";
  if (kind == "input_required" && may_require_input(method_)) return ask_client(text, message.result);
  if (kind != "complete") return break_off("the result is of a type that was not asked for");
  if (method_ == mcp::Method::tools_list) bridge_.link().learn_tools(message.result, first_page_);
  std::string result;
  mcp::append_legacy_result(result, text, message.result, method_, session->revision());
  std::string answer;
  mcp::append_result(answer, std::to_string(id_), result);
  after_ = After::answered;
  give_answer(answer);
}

void ModernCall::on_error(std::string_view text, const mcp::Message& message) {
  const json::Value code = message.error.find("code");
  if (wants_session(status_, code.number())) {
    bridge_.link().doubt_era();
    return break_off("the server is of another era now", upstream::FailureKind::session_lost);
  }
  const bool headers = code.number() == std::to_string(static_cast<int>(mcp::ErrorCode::header_mismatch));
  if (headers && method_ == mcp::Method::tools_call && !std::exchange(relisted_, true)) {
    // The tool may mirror other arguments by now.
    after_ = After::another_round;
    relisting_ = true;
    bridge_.link().list_tools(&session_, session_.revision, session_.grant_id, *this);
    return;
  }
  std::string answer = R"({"jsonrpc":"2.0","id":)" + std::to_string(id_) + R"(,"error":)";
  mcp::append_legacy_error(answer, text, message.error, method_);
  answer += '}';
  after_ = After::answered;
  give_answer(answer);
}

void ModernCall::ask_client(std::string_view text, json::Value result) {
  const json::Value state = result.find("requestState");
  if (!state && !result.find("inputRequests")) return break_off("the server requires no input and no state");
  if (state && !state.is(json::Type::string)) return break_off("the requestState is no string");
  if (++rounds_ > kMostRounds) return break_off("the server asks for input again and again");
  ModernSession& session = *bridge_.find(session_);
  auto asks = mcp::read_input_requests(text, result, session.revision(),
                                       [this] { return bridge_.worker().next_number(); });
  round_.state = json::text_of(text, state);
  round_.responses.clear();
  after_ = After::another_round;
  if (!asks) {
    refusal_ = std::move(asks.error());
    return later(Later::go_on);
  }
  asks_ = std::move(*asks);
  asked_us_ = bridge_.worker().loop().now_us();
  open_questions_ = 0;
  std::vector<std::string> questions;
  for (const mcp::InputAsk& ask : asks_) {
    if (ask.request.empty()) continue;
    ++open_questions_;
    session.expect(ask.id, id_);
    questions.push_back(ask.request);
  }
  if (questions.empty()) return later(Later::go_on);
  begin_answer();
  for (const std::string& question : questions) {
    if (!done()) call_->on_message(question);
  }
}

void ModernCall::take_answer(std::uint64_t question, std::string_view text, const mcp::Message& answer) {
  const auto ask =
      std::find_if(asks_.begin(), asks_.end(), [question](const auto& each) { return each.id == question; });
  if (done() || ask == asks_.end() || !ask->response.empty()) return;
  auto response = mcp::read_input_response(text, answer, ask->method);
  if (response) {
    ask->response = std::move(*response);
  } else if (refusal_.empty()) {
    refusal_ = "its client did not answer " + std::string(mcp::to_string(ask->method)) + ": " + response.error();
  }
  if (--open_questions_ == 0 || !refusal_.empty()) later(Later::go_on);
}

void ModernCall::refuse(std::string_view why) {
  std::string words = "The server needs an input that it did not get: ";
  words += why;
  std::string answer;
  if (method_ == mcp::Method::tools_call) {
    std::string result;
    json::Writer(result)
        .begin_object()
        .key("content")
        .begin_array()
        .begin_object()
        .key("type")
        .string("text")
        .key("text")
        .string(words)
        .end_object()
        .end_array()
        .key("isError")
        .boolean(true)
        .end_object();
    mcp::append_result(answer, std::to_string(id_), result);
  } else {
    mcp::append_error(answer, std::to_string(id_), mcp::ErrorCode::internal_error, words);
  }
  give_answer(answer);
}

void ModernCall::break_off(const char* why, upstream::FailureKind kind) {
  after_ = After::answered;
  fail_later(kind, why);
}

void ModernCall::on_end() {
  ticket_ = nullptr;
  switch (after_) {
    case After::another_round:
      return;
    case After::answered:
      if (answered()) finish();
      return;
    case After::failure:
      return fail({upstream::FailureKind::protocol, true, "the server ended without an answer"});
  }
}

void ModernCall::on_failure(const upstream::Failure& failure) {
  ticket_ = nullptr;
  if (after_ == After::another_round) return;
  if (answered()) return finish();
  fail({failure.kind, failure.sent || rounds_ > 0, failure.detail});
}

}  // namespace doorward::gateway
