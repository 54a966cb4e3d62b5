#include "gateway/upstream_session.h"

#include <algorithm>
#include <utility>

#include "gateway/legacy_call.h"
#include "gateway/legacy_listen.h"
#include "gateway/splice.h"
#include "gateway/worker.h"
#include "json/writer.h"
#include "mcp/denial.h"
#include "mcp/own_meta.h"

namespace doorward::gateway {
namespace {

constexpr std::int64_t kStreamPauseUs = 1'000'000;
constexpr auto kAsked = mcp::Revision::v2025_11_25;

bool ok(const SessionAnswer& answer) {
  return answer.message != nullptr && answer.message->kind == mcp::Kind::result;
}

std::string uri_params(std::string_view uri) {
  std::string params;
  json::Writer(params).begin_object().key("uri").string(uri).end_object();
  return params;
}

}  // namespace

Askable Askable::from(json::Value capabilities) {
  const json::Value elicitation = capabilities.find("elicitation");
  Askable askable;
  askable.sampling = capabilities.find("sampling").is(json::Type::object);
  askable.elicitation = elicitation.is(json::Type::object);
  askable.url = elicitation.find("url").is(json::Type::object);
  askable.roots = capabilities.find("roots").is(json::Type::object);
  return askable;
}

UpstreamSession::UpstreamSession(Worker& worker, ServerLink& link, std::string grant,
                                 std::string capabilities, Askable askable)
    : worker_(worker),
      link_(link),
      grant_(std::move(grant)),
      capabilities_(std::move(capabilities)),
      askable_(askable),
      session_(std::make_shared<Session>()),
      last_used_us_(worker.loop().now_us()) {
  session_->grant_id = grant_;
  session_->server = &link_;
  session_->revision = kAsked;
  session_->ear = this;
}

UpstreamSession::~UpstreamSession() {
  session_->ear = nullptr;
}

SessionRequest& UpstreamSession::request() {
  requests_.push_back(std::make_unique<SessionRequest>(worker_, link_, session_));
  return *requests_.back();
}

void UpstreamSession::start() {
  std::string params;
  json::Writer(params)
      .begin_object()
      .key("protocolVersion")
      .string(mcp::to_string(kAsked))
      .key("capabilities")
      .raw(capabilities_)
      .key("clientInfo")
      .raw(mcp::kOwnInfo)
      .end_object();
  request().send(mcp::Method::initialize, params,
                 [this](const SessionAnswer& answer) { on_initialized(answer); });
}

void UpstreamSession::on_initialized(const SessionAnswer& answer) {
  if (ended()) {
    session_->upstream_id = answer.session_id;
    if (!session_->upstream_id.empty()) request().open(http::Method::del, [](const SessionAnswer&) {});
    return;
  }
  if (answer.failure != nullptr) return fail({answer.failure->kind, false, answer.failure->detail});
  if (!ok(answer)) {
    const std::string why =
        "the server refused the handshake: " + std::string(answer.message->error.find("message").string());
    return fail({upstream::FailureKind::protocol, false, why});
  }
  const json::Value version = answer.message->result.find("protocolVersion");
  const auto revision = version.is(json::Type::string) ? mcp::parse_revision(version.string()) : std::nullopt;
  const auto introduction = mcp::read_introduction(answer.text, answer.message->result);
  if (!revision || mcp::era_of(*revision) == mcp::Era::modern || !introduction) {
    return fail({upstream::FailureKind::protocol, false, "the server's answer to initialize is not proper"});
  }
  introduction_ = *introduction;
  session_->upstream_id = answer.session_id;
  session_->revision = *revision;
  session_->ready = true;
  // Over HTTP a request on another connection could overtake it.
  request().send(mcp::Method::initialized, {}, [this](const SessionAnswer& sent) {
    if (ended()) return;
    if (sent.failure != nullptr) return fail({sent.failure->kind, false, sent.failure->detail});
    state_ = State::ready;
    if (askable_.any()) open_stream();
    tell_ready();
  });
}

void UpstreamSession::open_stream() {
  if (stream_ != nullptr || no_stream_ || !link_.settings().is_http() || session_->channel) return;
  stream_ = &request();
  stream_->open(http::Method::get, [this](const SessionAnswer& answer) {
    stream_ = nullptr;
    no_stream_ = answer.status >= 400;
    stream_retry_us_ = worker_.loop().now_us() + kStreamPauseUs;
  });
}

void UpstreamSession::tell_ready() {
  std::vector<Crossing*> waiting;
  waiting.swap(waiting_);
  for (Crossing* crossing : waiting) crossing->on_session_ready();
}

void UpstreamSession::enter(Crossing& crossing) {
  crossings_.push_back(&crossing);
  last_used_us_ = worker_.loop().now_us();
  if (state_ == State::ready) return crossing.on_session_ready();
  if (ended()) return crossing.on_session_failed({failure_, false, failure_detail_});
  waiting_.push_back(&crossing);
}

void UpstreamSession::leave(Crossing& crossing) {
  std::erase(crossings_, &crossing);
  std::erase(waiting_, &crossing);
  std::erase_if(calls_, [&](const LegacyCall* call) { return call == &crossing; });
  std::erase_if(listeners_, [&](const LegacyListen* listener) { return listener == &crossing; });
  last_used_us_ = worker_.loop().now_us();
}

void UpstreamSession::add_listener(LegacyListen& listener) {
  listeners_.push_back(&listener);
  open_stream();
}

bool UpstreamSession::logs_from(unsigned severity, Crossing& crossing) {
  if (severity_ && *severity_ <= severity && !asks_level_) return true;
  waiting_.push_back(&crossing);
  if (asks_level_) return false;
  asks_level_ = true;
  std::string params;
  json::Writer(params).begin_object().key("level").string(mcp::log_level(severity)).end_object();
  request().send(mcp::Method::logging_set_level, params, [this, severity](const SessionAnswer&) {
    asks_level_ = false;
    severity_ = severity;  // also where the server refused: it would again
    tell_ready();
  });
  return false;
}

void UpstreamSession::subscribe(const std::string& uri, LegacyListen& listener) {
  Subscription& subscription = subscriptions_[uri];
  ++subscription.count;
  if (subscription.answered) return listener.on_subscribed(uri, subscription.agreed);
  subscription.waiting.push_back(&listener);
  if (subscription.count > 1) return;
  request().send(mcp::Method::resources_subscribe, uri_params(uri), [this, uri](const SessionAnswer& answer) {
    const auto found = subscriptions_.find(uri);
    if (found == subscriptions_.end()) return;
    found->second.answered = true;
    found->second.agreed = ok(answer);
    const bool agreed = found->second.agreed;
    for (LegacyListen* each : std::exchange(found->second.waiting, {})) each->on_subscribed(uri, agreed);
  });
}

void UpstreamSession::unsubscribe(const std::string& uri, LegacyListen& listener) {
  const auto found = subscriptions_.find(uri);
  if (found == subscriptions_.end()) return;
  std::erase(found->second.waiting, &listener);
  if (--found->second.count > 0) return;
  const bool tell = found->second.agreed && !ended();
  subscriptions_.erase(found);
  if (tell) request().send(mcp::Method::resources_unsubscribe, uri_params(uri), [](const SessionAnswer&) {});
}

void UpstreamSession::say(std::string json) {
  if (!ended()) worker_.send_notice(link_, session_, session_->revision, std::move(json));
}

void UpstreamSession::refuse(std::string_view text, const mcp::Message& request) {
  worker_.record_event("upstream.request_refused",
                       {{"server", link_.settings().name}, {"method", request.method_name}});
  std::string refusal;
  mcp::append_error(refusal, bytes_of_value(text, request.id), mcp::ErrorCode::method_not_found,
                    "The gateway does not let this server ask its client that.");
  say(std::move(refusal));
}

LegacyCall* UpstreamSession::speaker() const {
  if (calls_.empty()) return nullptr;
  const bool of_one_grant = std::all_of(calls_.begin(), calls_.end(), [this](const LegacyCall* call) {
    return call->grant() == calls_.back()->grant();
  });
  return of_one_grant ? calls_.back() : nullptr;
}

void UpstreamSession::on_server_message(std::string_view text, const mcp::Message& message) {
  if (message.kind == mcp::Kind::request) {
    if (message.method == mcp::Method::ping) {
      std::string pong;
      mcp::append_result(pong, bytes_of_value(text, message.id), "{}");
      return say(std::move(pong));
    }
    if (LegacyCall* call = speaker()) return call->on_question(text, message);
    return refuse(text, message);
  }
  switch (message.method) {
    case mcp::Method::message:
      if (LegacyCall* call = speaker()) call->on_log(text, message);
      return;
    case mcp::Method::cancelled:
      for (LegacyCall* call : calls_) call->on_question_withdrawn(text, message);
      return;
    case mcp::Method::tools_list_changed:
    case mcp::Method::prompts_list_changed:
    case mcp::Method::resources_list_changed:
    case mcp::Method::resources_updated: {
      const std::vector<LegacyListen*> listeners = listeners_;
      for (LegacyListen* listener : listeners) listener->on_change(text, message);
      return;
    }
    default:
      return;
  }
}

void UpstreamSession::fail(const upstream::Failure& failure) {
  if (ended()) return;
  state_ = State::ended;
  failure_ = failure.kind;
  failure_detail_ = failure.detail;
  worker_.end_session(*session_);
  waiting_.clear();
  const std::vector<Crossing*> crossings = crossings_;
  for (Crossing* crossing : crossings) crossing->on_session_failed(failure);
}

void UpstreamSession::lost(const upstream::Failure& failure) {
  fail(failure);
}

void UpstreamSession::end() {
  if (ended()) return;
  if (!session_->upstream_id.empty()) request().open(http::Method::del, [](const SessionAnswer&) {});
  fail({upstream::FailureKind::closed, false, "the session has ended"});
}

bool UpstreamSession::gone() const {
  return ended() && crossings_.empty() &&
         std::all_of(requests_.begin(), requests_.end(),
                     [](const auto& request) { return request->finished(); });
}

void UpstreamSession::tick() {
  std::erase_if(requests_, [this](const auto& request) {
    return request->finished() || (ended() && request.get() == stream_);
  });
  if (ended()) {
    stream_ = nullptr;
    return;
  }
  if (session_->channel) {
    session_->channel->link().tick();
    if (session_->channel && session_->channel->gone()) {
      return fail({upstream::FailureKind::closed, false, "the server's process ended"});
    }
  }
  const bool wants_stream = askable_.any() || !listeners_.empty();
  if (state_ == State::ready && wants_stream && worker_.loop().now_us() >= stream_retry_us_) open_stream();
}

}  // namespace doorward::gateway
