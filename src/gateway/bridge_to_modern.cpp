#include "gateway/bridge_to_modern.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "gateway/handshake.h"
#include "gateway/modern_call.h"
#include "gateway/server_link.h"
#include "gateway/session.h"
#include "gateway/worker.h"
#include "json/copy.h"
#include "mcp/header_mirror.h"

namespace doorward::gateway {
namespace {

constexpr auto kModern = mcp::Revision::v2026_07_28;

std::string joined(std::span<const std::string_view> pieces) {
  std::string text;
  for (std::string_view piece : pieces) text += piece;
  return text;
}

bool is_level(std::string_view level) {
  constexpr std::array<std::string_view, 8> kLevels = {"debug", "info",     "notice", "warning",
                                                       "error", "critical", "alert",  "emergency"};
  return std::find(kLevels.begin(), kLevels.end(), level) != kLevels.end();
}

}  // namespace

BridgeToModern::BridgeToModern(Worker& worker, ServerLink& link) : worker_(worker), link_(link) {}

BridgeToModern::~BridgeToModern() = default;

ModernSession* BridgeToModern::find(const Session& session) const {
  const auto found = sessions_.find(&session);
  return found == sessions_.end() ? nullptr : found->second.get();
}

void BridgeToModern::adopt(Session& session, std::unique_ptr<ModernSession> made) {
  session.bridge = this;
  session.ear = made.get();
  sessions_[&session] = std::move(made);
}

BridgedCall* BridgeToModern::find_call(std::uint64_t id) const {
  const auto found = std::find_if(calls_.begin(), calls_.end(),
                                  [id](const auto& call) { return call->id() == id && !call->done(); });
  return found == calls_.end() ? nullptr : found->get();
}

std::optional<mcp::Message> BridgeToModern::read(std::string_view text, mcp::Sender sender) {
  json::Limits limits;
  limits.bytes = std::max(link_.settings().result_bytes, text.size());
  const auto root = reader_.read(text, limits);
  if (!root) return std::nullopt;
  const auto message = mcp::read_message(*root, sender);
  return message ? std::optional(*message) : std::nullopt;
}

Result<upstream::Ticket*> BridgeToModern::send(const Outgoing& message, upstream::Call& call) {
  std::string text = joined(message.json);
  if (message.id == 0) {
    const std::optional<mcp::Message> notice = read(text, mcp::Sender::client);
    if (notice) take_notice(*message.session, text, *notice);
    return nullptr;
  }
  if (message.method == mcp::Method::initialize) {
    auto handshake = std::make_unique<Handshake>(*this, message, std::move(text), call);
    if (const Status started = handshake->start(); !started) return std::unexpected(started.error());
    calls_.push_back(std::move(handshake));
    return calls_.back().get();
  }
  ModernSession* session = find(*message.session);
  if (session == nullptr) return fail(ErrorKind::unavailable, "the session has ended");
  auto made = std::make_unique<ModernCall>(*this, message, std::move(text), call);
  ModernCall& added = *made;
  calls_.push_back(std::move(made));
  if (const Status begun = begin(*session, message.method, added); !begun) {
    calls_.pop_back();
    return std::unexpected(begun.error());
  }
  return &added;
}

Status BridgeToModern::begin(ModernSession& session, mcp::Method method, ModernCall& call) {
  switch (method) {
    case mcp::Method::ping:
      call.answer_result_later("{}");
      return {};
    case mcp::Method::logging_set_level:
      set_level(session, call);
      return {};
    case mcp::Method::resources_subscribe:
    case mcp::Method::resources_unsubscribe: {
      const std::optional<mcp::Message> request = read(call.text(), mcp::Sender::client);
      const std::string uri(request->params.find("uri").string());
      method == mcp::Method::resources_subscribe ? session.subscribe(uri, call) : session.unsubscribe(uri, call);
      return {};
    }
    default:
      if (mcp::exists(method, kModern, mcp::Sender::client) && !mcp::is_task_method(method)) return call.start();
      call.answer_error_later(mcp::ErrorCode::method_not_found, "Method not found.");
      return {};
  }
}

void BridgeToModern::set_level(ModernSession& session, ModernCall& call) {
  const std::optional<mcp::Message> request = read(call.text(), mcp::Sender::client);
  const json::Value level = request->params.find("level");
  if (!session.offer().logging) {
    return call.answer_error_later(mcp::ErrorCode::method_not_found, "Method not found.");
  }
  if (!is_level(level.string())) {
    return call.answer_error_later(mcp::ErrorCode::invalid_params, "Invalid params: there is no such level.");
  }
  session.self().log_level = json::text_of(call.text(), level);
  call.answer_result_later("{}");
}

void BridgeToModern::take_notice(Session& session, std::string_view text, const mcp::Message& message) {
  // Of notifications a modern server wants to know nothing: what is cancelled was given up by its ticket.
  ModernSession* mine = find(session);
  if (mine == nullptr || (message.kind != mcp::Kind::result && message.kind != mcp::Kind::error)) return;
  if (!message.id.is(json::Type::number)) return;
  const std::string_view spelled = message.id.number();
  std::uint64_t question = 0;
  std::from_chars(spelled.data(), spelled.data() + spelled.size(), question);
  BridgedCall* call = find_call(mine->take_question(question));
  if (call != nullptr) static_cast<ModernCall*>(call)->take_answer(question, text, message);
}

ModernCall* BridgeToModern::latest_call(const Session& session) const {
  const auto found = std::find_if(calls_.rbegin(), calls_.rend(), [&session](const auto& call) {
    return !call->done() && &call->session() == &session && call->takes_notices();
  });
  return found == calls_.rend() ? nullptr : static_cast<ModernCall*>(found->get());
}

upstream::Ticket& BridgeToModern::open(http::Method, Session& session, upstream::Call& call) {
  auto stream = std::make_unique<SessionStream>(*this, session, worker_.next_number(), call);
  SessionStream& added = *stream;
  calls_.push_back(std::move(stream));
  added.start();
  return added;
}

void BridgeToModern::session_gone(Session& session) {
  for (const auto& call : calls_) {
    if (!call->done() && &call->session() == &session) {
      call->fail_later(upstream::FailureKind::closed, "the session was ended");
    }
  }
  const auto found = sessions_.find(&session);
  if (found == sessions_.end()) return;
  session.ear = nullptr;
  found->second->close();
  ended_.push_back(std::move(found->second));
  sessions_.erase(found);
}

void BridgeToModern::tick() {
  ended_.clear();
  for (const auto& [session, mine] : sessions_) mine->tick();
  std::erase_if(calls_, [](const auto& call) { return call->done(); });
  for (std::size_t i = 0; i < calls_.size(); ++i) calls_[i]->tick();
}

Result<upstream::Ticket*> BridgeToModern::send_own(Session& session, mcp::Method method,
                                                   std::string_view params, const mcp::ClientSelf& self,
                                                   std::uint64_t id, upstream::Call& call) {
  std::string json;
  mcp::append_modern_request(json, method, params, std::to_string(id), self);
  std::string lines = "MCP-Protocol-Version: ";
  lines.append(mcp::to_string(kModern)).append("\r\nMcp-Method: ").append(mcp::to_string(method)).append("\r\n");
  const std::string_view piece = json;
  Outgoing message;
  message.id = id;
  message.json = {&piece, 1};
  message.session = &session;
  message.revision = kModern;
  message.mirror_lines = lines;
  message.listening = method == mcp::Method::subscriptions_listen;
  message.method = method;
  return link_.send_native(message, call);
}

void BridgeToModern::tell_cancelled(Session& session, std::uint64_t number) {
  if (session.channel == nullptr || !session.channel->running()) return;
  const std::string json = R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" +
                           std::to_string(number) + "}}";
  const std::string_view piece = json;
  session.channel->link().notify({&piece, 1});
}

void BridgeToModern::protocol_error(std::string_view why) {
  worker_.record_event("upstream.protocol_error", {{"server", link_.settings().name}, {"reason", why}});
}

}  // namespace doorward::gateway
