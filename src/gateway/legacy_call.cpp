#include "gateway/legacy_call.h"

#include <algorithm>
#include <utility>

#include "base/random.h"
#include "gateway/bridge_to_legacy.h"
#include "gateway/splice.h"
#include "gateway/worker.h"
#include "json/canonical.h"
#include "json/writer.h"
#include "mcp/denial.h"
#include "mcp/header_mirror.h"

namespace doorward::gateway {
namespace {

/// How long a client may take to come back with what the server asked for.
constexpr std::int64_t kAnswerTimeUs = 300'000'000;
/// How long questions are gathered into one round: servers ask several things one right after the other.
constexpr std::int64_t kGatherUs = 20'000;
/// Questions of one call that may be open at once.
constexpr std::size_t kMostOpen = 16;
/// Notifications kept for a client that is to come back.
constexpr std::size_t kMostMissed = 64;
constexpr std::string_view kNeedsUrl = R"({"requiredCapabilities":{"elicitation":{"url":{}}}})";

/// Methods whose results may ask the client for something (2026-07-28).
bool takes_input(mcp::Method method) {
  return method == mcp::Method::tools_call || method == mcp::Method::prompts_get ||
         method == mcp::Method::resources_read;
}

/// Methods that change nothing at the server, so that they may be sent twice.
bool is_harmless(mcp::Method method) {
  return !mcp::list_member(method).empty() || method == mcp::Method::resources_read ||
         method == mcp::Method::completion_complete;
}

bool accepts_all(json::Value responses) {
  const json::Value::Members members = responses.members();
  return std::all_of(members.begin(), members.end(), [](const json::Member& member) {
    const json::Value action = member.value.find("action");
    return action.is(json::Type::string) && action.string() == "accept";
  });
}

bool is_number(json::Value value, std::string_view text) {
  return value.is(json::Type::number) && value.number() == text;
}

}  // namespace

LegacyCall::LegacyCall(BridgeToLegacy& bridge, const Outgoing& outgoing, upstream::Call& client,
                       std::string_view text, const mcp::Message& message)
    : Crossing(bridge, outgoing, client),
      method_(outgoing.method),
      server_id_(outgoing.id),
      server_number_(number_),
      gathering_(io::call<&LegacyCall::ask_client>, this) {
  const json::Value capabilities = message.meta.find(mcp::kMetaClientCapabilities);
  capabilities_ = bridge.canonical_capabilities(capabilities);
  askable_ = Askable::from(capabilities);
  const json::Value level = message.meta.find(mcp::kMetaLogLevel);
  if (level.is(json::Type::string)) severity_ = mcp::log_severity(level.string());
  came_back_ = static_cast<bool>(message.params.find("requestState"));
  declined_ = !accepts_all(message.params.find("inputResponses"));
  mcp::append_legacy_request(legacy_, text, message);
}

LegacyCall::~LegacyCall() {
  if (ticket_ != nullptr) ticket_->cancel();
}

Status LegacyCall::begin() {
  if (came_back_) {
    std::string text;
    mcp::append_error(text, number_, mcp::ErrorCode::invalid_params,
                      "No call waits for this requestState any more: call again without it.");
    settle(std::move(text));
    return {};
  }
  if (declined_) {
    std::string text;
    mcp::append_error(text, number_, mcp::ErrorCode::internal_error,
                      "The server needs an answer that the client declined to give.");
    settle(std::move(text));
    return {};
  }
  Result<UpstreamSession*> session = bridge_.session_for(grant_, capabilities_, askable_);
  if (!session) return std::unexpected(session.error());
  session_ = *session;
  session_->enter(*this);
  return {};
}

void LegacyCall::on_session_ready() {
  if (stage_ != Stage::waiting || client_ == nullptr) return;
  if (method_ == mcp::Method::server_discover) {
    std::string text;
    mcp::append_discover_result(text, number_, session_->introduction());
    return settle(std::move(text));
  }
  if (severity_ && session_->introduction().logs && !session_->logs_from(*severity_, *this)) return;
  send();
}

void LegacyCall::send() {
  Outgoing message;
  message.id = server_id_;
  const std::string_view piece = legacy_;
  message.json = {&piece, 1};
  message.session = session_->session().get();
  message.revision = session_->session()->revision;
  message.method = method_;
  message.grant = grant_;
  status_ = 0;
  const Result<upstream::Ticket*> sent = bridge_.link().send_native(message, *this);
  if (!sent) return settle({upstream::FailureKind::start, false, sent.error().message});
  ticket_ = *sent;
  stage_ = Stage::sent;
  if (takes_input(method_)) session_->add_call(*this);
}

void LegacyCall::on_session_failed(const upstream::Failure& failure) {
  if (stage_ == Stage::waiting) settle({failure.kind, false, failure.detail});
}

void LegacyCall::on_head(int status, std::string_view, bool) {
  status_ = status;
}

void LegacyCall::on_message(std::string_view text) {
  if (stage_ != Stage::sent) return;
  json::Limits limits;
  limits.bytes = bridge_.link().settings().result_bytes;
  const auto root = bridge_.reader().read(text, limits);
  const auto message =
      root ? mcp::read_message(*root, mcp::Sender::server)
           : std::expected<mcp::Message, mcp::Refusal>(std::unexpected(mcp::refuse_text(root.error())));
  if (!message) {
    std::exchange(ticket_, nullptr)->cancel();
    return settle({upstream::FailureKind::protocol, true, message.error().message});
  }
  switch (message->kind) {
    case mcp::Kind::request:
      if (message->method == mcp::Method::ping) return session_->on_server_message(text, *message);
      return on_question(text, *message);
    case mcp::Kind::notification:
      break;
    case mcp::Kind::result:
    case mcp::Kind::error:
      return on_answer(text, *message);
  }
  switch (message->method) {
    case mcp::Method::progress: {
      const json::Value token = message->params.find("progressToken");
      if (!is_number(token, server_number_) || misses(text)) return;
      Splice splice(text);
      splice.replace(token, number_);
      std::string progress;
      for (std::string_view piece : splice.pieces()) progress += piece;
      return client_->on_message(progress);
    }
    case mcp::Method::message:
      return on_log(text, *message);
    case mcp::Method::cancelled:
      return on_question_withdrawn(text, *message);
    default:
      return session_->on_server_message(text, *message);
  }
}

void LegacyCall::on_log(std::string_view text, const mcp::Message& message) {
  const json::Value level = message.params.find("level");
  const auto severity = level.is(json::Type::string) ? mcp::log_severity(level.string()) : std::nullopt;
  if (severity_ && severity && *severity >= *severity_ && !misses(text)) client_->on_message(text);
}

bool LegacyCall::misses(std::string_view text) {
  if (client_ != nullptr && missed_.empty()) return false;
  if (missed_.size() < kMostMissed) missed_.emplace_back(text);
  return true;
}

bool LegacyCall::may_ask(mcp::Method method, json::Value params) const {
  if (!takes_input(method_) || open_.size() >= kMostOpen || params.find("task")) return false;
  const json::Value mode = params.find("mode");
  const bool by_url = method == mcp::Method::elicitation_create && mode.is(json::Type::string) &&
                      mode.string() == "url";
  return askable_.include(method) && (!by_url || askable_.url);
}

void LegacyCall::on_question(std::string_view text, const mcp::Message& message) {
  if (!may_ask(message.method, message.params)) return session_->refuse(text, message);
  open_.push_back({.question = {.key = "input-" + std::to_string(++asked_),
                                .method = std::string(message.method_name),
                                .params = mcp::question_params(text, message.params)},
                   .server_id = std::string(bytes_of_value(text, message.id))});
  if (ticket_ != nullptr) ticket_->set_patient(true);
  if (!gathering_.armed()) gathering_.arm(bridge_.worker().loop(), kGatherUs);
}

void LegacyCall::on_question_withdrawn(std::string_view text, const mcp::Message& message) {
  const json::Value id = message.params.find("requestId");
  if (!id) return;
  std::erase_if(open_, [&](const Open& open) { return open.server_id == bytes_of_value(text, id); });
  if (open_.empty() && ticket_ != nullptr) ticket_->set_patient(false);
}

void LegacyCall::ask_client() {
  asks_again_ = false;
  if (client_ == nullptr || open_.empty() || stage_ != Stage::sent) return;
  if (!bridge_.may_wait(grant_)) {
    cancel_upstream("Too many calls of this client wait for its answers.");
    std::string text;
    mcp::append_error(
        text, number_, mcp::ErrorCode::internal_error,
        "Too many calls of this grant wait for answers of its client; answer one of them first.");
    return settle(std::move(text));
  }
  token_ = random_id("");
  deadline_us_ = bridge_.worker().loop().now_us() + kAnswerTimeUs;
  std::vector<mcp::Question> questions;
  for (const Open& open : open_) questions.push_back(open.question);
  std::string text;
  mcp::append_input_required(text, number_, questions, token_);
  answer(text, status_);
}

void LegacyCall::resume(const Outgoing& outgoing, upstream::Call& client, std::string_view text,
                        const mcp::Message& message) {
  client_ = &client;
  number_ = std::to_string(outgoing.id);
  token_.clear();
  deadline_us_ = INT64_MAX;
  const json::Value responses = message.params.find("inputResponses");
  std::vector<std::string> sent;
  std::erase_if(open_, [&](const Open& open) {
    const json::Value response = responses.find(open.question.key);
    if (!response.is(json::Type::object)) return false;
    mcp::append_client_result(sent.emplace_back(), text, response, open.server_id);
    return true;
  });
  if (open_.empty() && ticket_ != nullptr) ticket_->set_patient(false);
  for (std::string& json : sent) session_->say(std::move(json));
  asks_again_ = !open_.empty();
  bridge_.defer(*this);
}

void LegacyCall::on_answer(std::string_view text, const mcp::Message& message) {
  const bool unaddressed = message.kind == mcp::Kind::error && status_ >= 400 && !message.id;
  if (!unaddressed && !is_number(message.id, server_number_)) return;
  if (unaddressed && in_lost_session()) return;  // on_end tells
  if (client_ == nullptr) {
    late_ = text;
    return;
  }
  if (message.kind == mcp::Kind::error) return on_error_answer(text, message);
  std::string answer;
  mcp::append_modern_result(answer, text, message, method_, number_, session_->introduction().info);
  settle(std::move(answer));
}

void LegacyCall::on_error_answer(std::string_view text, const mcp::Message& message) {
  const std::vector<mcp::Question> urls = mcp::url_questions(text, message.error);
  if (!urls.empty() && takes_input(method_)) return ask_for_urls(urls);
  const bool unknown = message.error.find("code").number() == "-32601";
  std::string answer;
  mcp::append_modern_error(answer, text, message, number_);
  settle(std::move(answer), unknown ? 404 : 0);
}

bool LegacyCall::in_lost_session() const {
  return status_ == 404 && !session_->session()->upstream_id.empty();
}

void LegacyCall::ask_for_urls(const std::vector<mcp::Question>& questions) {
  std::string text;
  if (!askable_.url) {
    mcp::append_error(text, number_, mcp::ErrorCode::missing_client_capability,
                      "The server needs elicitation by URL, which this request does not declare.", kNeedsUrl);
    return settle(std::move(text), 400);
  }
  mcp::append_input_required(text, number_, questions, {});
  settle(std::move(text));
}

void LegacyCall::settle(std::string text, int status) {
  leave_session();
  stage_ = Stage::answered;
  answer_ = std::move(text);
  answer_status_ = status;
  bridge_.defer(*this);
}

void LegacyCall::settle(const upstream::Failure& failure) {
  leave_session();
  stage_ = Stage::answered;
  failure_ = failure.kind;
  failure_sent_ = failure.sent;
  failure_detail_ = failure.detail;
  bridge_.defer(*this);
}

void LegacyCall::deliver() {
  if (client_ == nullptr) return;
  if (failure_) {
    fail({*failure_, failure_sent_, failure_detail_});
  } else {
    answer(answer_, answer_status_ != 0 ? answer_status_ : status_);
  }
}

void LegacyCall::on_turn() {
  if (stage_ == Stage::answered) return deliver();
  if (client_ == nullptr) return;
  for (const std::string& text : std::exchange(missed_, {})) on_message(text);
  if (!late_.empty()) return on_message(std::exchange(late_, {}));
  if (asks_again_) ask_client();
}

void LegacyCall::leave_session() {
  if (session_ != nullptr) bridge_.leave(*this, *std::exchange(session_, nullptr));
}

void LegacyCall::cancel_upstream(std::string_view reason) {
  if (stage_ == Stage::sent && session_ != nullptr) {
    std::string json;
    json::Writer(json)
        .begin_object()
        .key("jsonrpc")
        .string("2.0")
        .key("method")
        .string("notifications/cancelled")
        .key("params")
        .begin_object()
        .key("requestId")
        .raw(server_number_)
        .key("reason")
        .string(reason)
        .end_object()
        .end_object();
    session_->say(std::move(json));
  }
  if (ticket_ != nullptr) std::exchange(ticket_, nullptr)->cancel();
}

void LegacyCall::cancel() {
  client_ = nullptr;
  cancel_upstream("The client has gone.");
  leave_session();
  stage_ = Stage::answered;
  token_.clear();
}

void LegacyCall::give_up() {
  if (stage_ == Stage::answered) return;
  cancel_upstream("The gateway gives this server up.");
  settle({upstream::FailureKind::closed, true, "the server has left the configuration"});
}

void LegacyCall::pause() {
  if (ticket_ != nullptr) ticket_->pause();
}

void LegacyCall::resume() {
  if (ticket_ != nullptr) ticket_->resume();
}

void LegacyCall::tick() {
  if (token_.empty()) return;
  if (bridge_.worker().loop().now_us() < deadline_us_ && bridge_.grant_holds(grant_)) return;
  token_.clear();
  cancel_upstream("The client did not answer in time.");
  leave_session();
  stage_ = Stage::answered;
}

bool LegacyCall::send_again(bool ran_nothing) {
  if (sent_again_ || client_ == nullptr || asked_ > 0 || (!ran_nothing && !is_harmless(method_)))
    return false;
  sent_again_ = true;
  leave_session();
  stage_ = Stage::waiting;
  if (Status begun = begin(); !begun) {
    settle({upstream::FailureKind::closed, false, begun.error().message});
  }
  return true;
}

void LegacyCall::on_end() {
  ticket_ = nullptr;
  if (stage_ != Stage::sent || !late_.empty()) return;
  on_failure({in_lost_session() ? upstream::FailureKind::session_lost : upstream::FailureKind::protocol, true,
              "the server ended without an answer"});
}

void LegacyCall::on_failure(const upstream::Failure& failure) {
  ticket_ = nullptr;
  if (stage_ != Stage::sent || !late_.empty()) return;
  // A process, or the stream of HTTP+SSE, which is the session itself.
  const bool carrier_gone =
      session_->session()->channel != nullptr && failure.kind == upstream::FailureKind::closed;
  const bool unknown = failure.kind == upstream::FailureKind::session_lost;
  if (unknown || carrier_gone) {
    session_->lost(failure);
    // By 404 the server says that it took nothing in a session that it does not know.
    if (send_again(unknown || !failure.sent)) return;
  }
  settle({unknown ? upstream::FailureKind::closed : failure.kind, failure.sent && !unknown, failure.detail});
}

bool LegacyCall::done() const {
  return client_ == nullptr && token_.empty() && ticket_ == nullptr && !deferred;
}

}  // namespace doorward::gateway
