#include "gateway/stdio_client.h"

#include <unistd.h>

#include <cerrno>

#include "mcp/denial.h"
#include "mcp/header_mirror.h"

namespace doorward::gateway {

/// Where one message's answers go; holds the message, which its exchange refers to.
class StdioClient::Reply final : public Front {
 public:
  explicit Reply(StdioClient& owner) : owner_(owner) {}

  void answer(int, Pieces json, std::string_view session) override {
    if (!json.empty()) owner_.write(json);
    done(session);
  }
  void send(Pieces json, std::string_view) override { owner_.write(json); }
  void open_stream(std::string_view) override {}
  void end_stream() override { done({}); }
  const http::Headers* headers() const override { return nullptr; }

  std::string text;
  Exchange* exchange = nullptr;
  bool counted = true;

 private:
  void done(std::string_view session) {
    exchange = nullptr;
    StdioClient& owner = owner_;
    if (counted) {
      --owner.running_;
      owner.spare_.push_back(this);
    }
    if (!session.empty()) owner.opened(session);
  }
  StdioClient& owner_;
};

StdioClient::StdioClient(Worker& worker, int output)
    : worker_(worker), output_(output), lines_(worker.shared().options.body_bytes) {
  caller_.world = worker_.world();
  caller_.grant = &caller_.world->grants().front();
  caller_.server = &worker_.link(*caller_.grant->server);
  caller_.client_address = "stdio";
}

StdioClient::~StdioClient() = default;

void StdioClient::take(std::string_view bytes) {
  std::string_view line;
  for (;;) {
    switch (lines_.next(bytes, line)) {
      case mcp::LineFramer::Step::more:
        return;
      case mcp::LineFramer::Step::too_large: {
        mcp::Refusal refusal{.code = mcp::ErrorCode::invalid_request,
                             .message = "The message is longer than the gateway's limit for requests."};
        refuse(refusal, {});
        lines_.reset();
        return;
      }
      case mcp::LineFramer::Step::line:
        take_line(line);
        break;
    }
  }
}

StdioClient::Reply& StdioClient::take_reply() {
  ++running_;
  if (spare_.empty()) {
    replies_.push_back(std::make_unique<Reply>(*this));
    return *replies_.back();
  }
  Reply& reply = *spare_.back();
  spare_.pop_back();
  return reply;
}

void StdioClient::take_line(std::string_view line) {
  json::Limits limits;
  limits.bytes = worker_.shared().options.body_bytes;
  limits.refuse_proto = true;
  Reply& reply = take_reply();
  reply.text = line;
  const auto drop = [&] {
    --running_;
    spare_.push_back(&reply);
  };
  const auto root = worker_.request_reader().read(reply.text, limits);
  const auto message =
      root ? mcp::read_message(*root, mcp::Sender::client)
           : std::expected<mcp::Message, mcp::Refusal>(std::unexpected(mcp::refuse_text(root.error())));
  if (!message) {
    refuse(message.error(), reply.text);
    return drop();
  }
  if (message->kind == mcp::Kind::result || message->kind == mcp::Kind::error) {
    if (caller_.session) pass_response(worker_, caller_.session, reply.text, *message);
    return drop();
  }
  Caller who = caller_;
  const bool initialize = message->is_request(mcp::Method::initialize);
  if (mcp::era_of(*message, {}, caller_.session != nullptr || initialize) == mcp::Era::modern) {
    const auto revision = mcp::check_modern(*message, nullptr);
    if (!revision) {
      refuse(revision.error(), reply.text);
      return drop();
    }
    who.revision = *revision;
    who.session = nullptr;
  } else if (initialize ? caller_.session != nullptr : caller_.session == nullptr) {
    mcp::Refusal refusal{
        .code = mcp::ErrorCode::invalid_request,
        .message = initialize ? "This connection is initialized already." : "Initialize first."};
    refusal.id = message->id;
    refusal.notification = message->kind == mcp::Kind::notification;
    refuse(refusal, reply.text);
    return drop();
  } else {
    who.revision = initialize ? mcp::Revision::v2025_11_25 : caller_.session->revision;
  }
  if (const auto refusal = mcp::check_method(*message, who.revision, mcp::Sender::client)) {
    refuse(*refusal, reply.text);
    return drop();
  }
  reply.exchange = &worker_.take_exchange();
  reply.exchange->begin(reply, who, reply.text, *message);
}

void StdioClient::refuse(const mcp::Refusal& refusal, std::string_view line) {
  audit::RejectRecord record;
  record.code = refusal.batch ? "batch" : "bad_message";
  record.client.address = caller_.client_address;
  record.grant = {caller_.grant->grant->id, caller_.grant->grant->label, caller_.grant->grant->owner};
  record.server = caller_.server->settings().name;
  if (refusal.id) record.request_id = bytes_of_value(line, refusal.id);
  record.reason = refusal.message;
  worker_.record_rejection(record);
  if (refusal.notification) return;
  std::string body;
  mcp::append_refusal(body, refusal, line);
  const std::string_view piece = body;
  write({&piece, 1});
}

void StdioClient::opened(std::string_view session) {
  caller_.session = worker_.sessions().find(session, caller_.grant->grant->id);
  if (caller_.session == nullptr) return;
  caller_.revision = caller_.session->revision;
  listener_ = std::make_unique<Reply>(*this);
  listener_->counted = false;
  listener_->exchange = &worker_.take_exchange();
  listener_->exchange->begin_listening(*listener_, caller_);
}

void StdioClient::write(Front::Pieces json) {
  line_.clear();
  std::string message;
  for (std::string_view piece : json) message += piece;
  mcp::append_line(line_, message);
  std::string_view rest = line_;
  while (!rest.empty() && !broken_) {
    const ssize_t written = ::write(output_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    broken_ = written < 0;
    if (!broken_) rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

void StdioClient::end() {
  for (const auto& reply : replies_) {
    if (reply->exchange != nullptr) reply->exchange->abandon("client_gone");
  }
  if (listener_ && listener_->exchange != nullptr) listener_->exchange->abandon("client_gone");
}

}  // namespace doorward::gateway
