#include "gateway/handshake.h"

#include <utility>

#include "gateway/bridge_to_modern.h"
#include "gateway/server_link.h"
#include "gateway/session.h"
#include "gateway/worker.h"
#include "json/copy.h"
#include "mcp/denial.h"
#include "mcp/to_legacy.h"

namespace doorward::gateway {

Handshake::Handshake(BridgeToModern& bridge, const Outgoing& message, std::string text, upstream::Call& call)
    : BridgedCall(bridge, *message.session, message.id, call),
      text_(std::move(text)),
      grant_(message.grant),
      revision_(message.revision) {}

Status Handshake::start() {
  const std::optional<mcp::Message> request = bridge_.read(text_, mcp::Sender::client);
  if (!request) return doorward::fail(ErrorKind::unavailable, "the request cannot be read");
  agreed_ = mcp::negotiate_legacy(request->params);
  self_.info = json::text_of(text_, request->params.find("clientInfo"));
  self_.capabilities.clear();
  mcp::append_modern_capabilities(self_.capabilities, text_, request->params.find("capabilities"), agreed_);
  return bridge_.link().eras().legacy == Speaks::no ? discover() : shake_hands();
}

Status Handshake::shake_hands() {
  step_ = Step::asking;
  shaken_ = true;
  modern_ = false;
  number_ = id_;
  const std::string_view piece = text_;
  Outgoing message;
  message.id = id_;
  message.json = {&piece, 1};
  message.session = &session_;
  message.revision = revision_;
  message.method = mcp::Method::initialize;
  message.grant = grant_;
  const Result<upstream::Ticket*> sent = bridge_.link().send_native(message, *this);
  if (!sent) return std::unexpected(sent.error());
  take_ticket(*sent);
  return {};
}

Status Handshake::discover() {
  step_ = Step::discovering;
  const std::uint64_t number = bridge_.worker().next_number();
  return sent_modern(number, bridge_.send_own(session_, mcp::Method::server_discover, {}, self_, number, *this));
}

void Handshake::on_head(int status, std::string_view session, bool stream) {
  if (step_ == Step::discovering) return;
  status_ = status;
  session_id_ = session;
  stream_ = stream;
}

void Handshake::pass_head() {
  if (std::exchange(begun_, true) || status_ == 0 || done()) return;
  call_->on_head(status_, session_id_, stream_);
}

void Handshake::on_message(std::string_view text) {
  if (done()) return;
  if (step_ == Step::discovering) return on_discovered(text);
  if (step_ == Step::asking) {
    const std::optional<mcp::Message> message = bridge_.read(text, mcp::Sender::server);
    if (message && message->kind == mcp::Kind::error) {
      refusal_ = text;
      step_ = Step::refused;
      return;
    }
    if (message && message->kind == mcp::Kind::result) step_ = Step::passing;
  }
  if (step_ == Step::refused) return;
  pass_head();
  if (!done()) call_->on_message(text);
}

void Handshake::on_priming(std::optional<std::uint32_t> retry_ms) {
  pass_head();
  if (!done()) call_->on_priming(retry_ms);
}

void Handshake::on_suspended(std::optional<std::uint32_t> retry_ms) {
  if (!done()) call_->on_suspended(retry_ms);
}

void Handshake::on_end() {
  ticket_ = nullptr;
  switch (step_) {
    case Step::asking:
    case Step::passing:
      pass_head();
      return finish();
    case Step::refused:
      return later(Later::go_on);
    case Step::discovering:
      if (refusal_.empty()) bridge_.link().doubt_era();
      return later(Later::go_on);
    case Step::answered:
      return finish();
  }
}

void Handshake::go_on() {
  if (step_ == Step::refused && discover()) return;
  if (step_ == Step::discovering && !shaken_ && bridge_.link().eras().legacy != Speaks::no) {
    // It was replaced by a server of another era.
    if (const Status sent = shake_hands(); !sent) {
      fail({upstream::FailureKind::start, false, sent.error().message});
    }
    return;
  }
  pass_refusal();
}

void Handshake::pass_refusal() {
  if (!refusal_.empty()) {
    pass_head();
    if (!done()) call_->on_message(refusal_);
    return finish();
  }
  if (failure_.empty()) {
    return fail({upstream::FailureKind::protocol, true, "the server answers neither initialize nor server/discover"});
  }
  give_answer(R"({"jsonrpc":"2.0","id":)" + std::to_string(id_) + R"(,"error":)" + failure_ + "}");
  finish();
}

void Handshake::on_failure(const upstream::Failure& failure) {
  ticket_ = nullptr;
  if (step_ == Step::refused) return on_end();
  if (step_ == Step::answered) return finish();
  if (step_ == Step::discovering) {
    bridge_.link().doubt_era();
    if (!refusal_.empty()) return pass_refusal();
  }
  fail(failure);
}

void Handshake::on_discovered(std::string_view text) {
  json::Limits limits;
  limits.bytes = bridge_.link().settings().result_bytes;
  const auto root = reader_.read(text, limits);
  const auto message = root ? mcp::read_message(*root, mcp::Sender::server)
                            : std::expected<mcp::Message, mcp::Refusal>(std::unexpected(mcp::Refusal{}));
  if (!message) return;
  if (message->kind == mcp::Kind::error) {
    mcp::append_legacy_error(failure_, text, message->error, mcp::Method::initialize);
  } else if (message->kind == mcp::Kind::result && shows_modern_era(*root)) {
    adopt(text, message->result);
  }
}

void Handshake::adopt(std::string_view text, json::Value discovered) {
  step_ = Step::answered;
  bridge_.link().refuses_legacy();
  const ModernOffer offer = ModernOffer::of(discovered.find("capabilities"));
  // A legacy server speaks of everything until it is told a level.
  if (offer.logging) self_.log_level = "\"debug\"";
  bridge_.adopt(session_, std::make_unique<ModernSession>(bridge_, session_, agreed_, std::move(self_), offer));
  std::string result;
  mcp::append_initialize_result(result, text, discovered, agreed_, bridge_.link().settings().name);
  std::string answer;
  mcp::append_result(answer, std::to_string(id_), result);
  give_answer(answer);
}

}  // namespace doorward::gateway
