#include "gateway/duplex_client.h"

#include <utility>

#include "gateway/batch.h"
#include "gateway/worker.h"
#include "mcp/denial.h"
#include "mcp/header_mirror.h"

namespace doorward::gateway {
namespace {

/// Nobody waits for this answer.
class Nobody final : public Front {
 public:
  void answer(int, Pieces, std::string_view) override {}
  void send(Pieces, std::string_view) override {}
  void open_stream(std::string_view) override {}
  void end_stream() override {}
  const http::Headers* headers() const override { return nullptr; }
};

}  // namespace

/// Where one message's answers go; holds the message, which its errand refers to.
class DuplexClient::Reply final : public Front {
 public:
  explicit Reply(DuplexClient& owner) : owner_(owner) {}

  void answer(int, Pieces json, std::string_view session) override {
    underway = nullptr;
    if (!json.empty()) owner_.output_.write(json);
    done(session);
  }
  void send(Pieces json, std::string_view session) override {
    owner_.output_.write(json);
    if (!session.empty()) owner_.opened(*this, session);
  }
  void open_stream(std::string_view) override {}
  void end_stream() override {
    underway = nullptr;
    done({});
  }
  const http::Headers* headers() const override { return nullptr; }
  bool shares_stream() const override { return true; }

  std::string text;
  std::string address;
  Caller caller;  ///< without a session
  Underway* underway = nullptr;
  std::string modern_id;  ///< JSON; of a request that describes itself, which no session knows
  bool listening = false;

 private:
  void done(std::string_view session) {
    if (!session.empty()) owner_.opened(*this, session);
    owner_.give_back(*this);
  }
  DuplexClient& owner_;
};

DuplexClient::DuplexClient(Worker& worker, Output& output, Eras eras)
    : worker_(worker), output_(output), eras_(eras), held_task_(io::call<&DuplexClient::take_held>, this) {}

DuplexClient::~DuplexClient() {
  worker_.loop().withdraw(held_task_);
}

DuplexClient::Reply& DuplexClient::take_reply(const Caller& caller, std::string_view text) {
  ++running_;
  if (spare_.empty()) {
    replies_.push_back(std::make_unique<Reply>(*this));
    spare_.push_back(replies_.back().get());
  }
  Reply& reply = *spare_.back();
  spare_.pop_back();
  reply.text = text;
  reply.address = caller.client_address;
  reply.caller = caller;
  reply.caller.client_address = reply.address;
  return reply;
}

void DuplexClient::give_back(Reply& reply) {
  reply.caller = Caller{};
  reply.modern_id.clear();
  reply.listening = false;
  if (&reply == listener_.get()) return;
  if (&reply == opening_) {
    opening_ = nullptr;
    if (!held_.empty()) worker_.loop().defer(held_task_);
  }
  --running_;
  spare_.push_back(&reply);
}

/// Over HTTP+SSE each message has an answer of its own, by which its client is told to wait.
bool DuplexClient::hold(const Caller& caller, std::string_view text) {
  if (eras_ == Eras::legacy || (opening_ == nullptr && held_.empty())) return false;
  if (held_.size() >= worker_.shared().options.requests_in_flight) return false;
  held_.push_back({caller, std::string(caller.client_address), std::string(text)});
  return true;
}

void DuplexClient::take_held() {
  for (Held& one : std::exchange(held_, {})) {
    if (ended_) return;
    one.caller.client_address = one.address;
    take(one.caller, one.text);
  }
}

void DuplexClient::take(const Caller& caller, std::string_view text) {
  if (hold(caller, text)) return;
  json::Limits limits;
  limits.bytes = worker_.shared().options.body_bytes;
  limits.refuse_proto = true;
  Reply& reply = take_reply(caller, text);
  const auto root = worker_.request_reader().read(reply.text, limits);
  if (!root) {
    refuse(caller, mcp::refuse_text(root.error()), reply.text);
    return give_back(reply);
  }
  Caller who = reply.caller;
  if (root->is(json::Type::array)) return take_batch(who, reply, *root);
  const auto message = mcp::read_message(*root, mcp::Sender::client);
  if (!message) {
    refuse(who, message.error(), reply.text);
    return give_back(reply);
  }
  if (message->kind == mcp::Kind::result || message->kind == mcp::Kind::error) {
    if (session_) pass_response(worker_, session_, reply.text, *message);
    return give_back(reply);
  }
  if (!admit(*message, who, reply)) return give_back(reply);
  if (mcp::era_of(who.revision) == mcp::Era::modern) {
    if (message->method == mcp::Method::cancelled) {
      cancel(*message, reply.text);
      return give_back(reply);
    }
    if (message->kind == mcp::Kind::request) reply.modern_id = bytes_of_value(reply.text, message->id);
    reply.listening = message->method == mcp::Method::subscriptions_listen;
    who.client_name = json::text_of(message->meta.find(mcp::kMetaClientInfo), "name");
  }
  if (message->is_request(mcp::Method::initialize)) opening_ = &reply;
  Errand& errand = worker_.take_errand(*who.grant);
  reply.underway = &errand;
  errand.begin(reply, who, reply.text, *message);
}

bool DuplexClient::admit(const mcp::Message& message, Caller& caller, const Reply& reply) {
  std::optional<mcp::Refusal> refusal;
  const bool initialize = message.is_request(mcp::Method::initialize);
  const bool modern = mcp::era_of(message, {}, session_ != nullptr || initialize) == mcp::Era::modern;
  const auto refused = [&](std::string why) {
    mcp::Refusal result{.code = mcp::ErrorCode::invalid_request, .message = std::move(why)};
    result.id = message.id;
    result.notification = message.kind == mcp::Kind::notification;
    return result;
  };
  if (modern && eras_ == Eras::legacy) {
    refusal = refused("This transport carries sessions only, no requests that describe themselves.");
  } else if (modern) {
    const auto revision = mcp::check_modern(message, nullptr);
    if (revision) {
      caller.revision = *revision;
    } else {
      refusal = revision.error();
    }
  } else if (initialize ? session_ != nullptr : session_ == nullptr) {
    refusal = refused(initialize ? "This connection is initialized already." : "Initialize first.");
  } else if (initialize) {
    caller.revision = mcp::Revision::v2025_11_25;
  } else {
    caller.session = session_;
    caller.revision = session_->revision;
    caller.client_name = session_->client_name;
    session_->last_used_us = worker_.loop().now_us();
  }
  if (!refusal && message.kind == mcp::Kind::request && running_ > worker_.shared().options.requests_in_flight) {
    refusal = refused("This client has too many requests under way; wait for one to end.");
  }
  if (!refusal) refusal = mcp::check_method(message, caller.revision, mcp::Sender::client);
  if (refusal) refuse(caller, *refusal, reply.text);
  return !refusal;
}

void DuplexClient::cancel(const mcp::Message& message, std::string_view text) {
  const json::Value wanted = message.params.find("requestId");
  if (!wanted) return;
  const std::string_view id = bytes_of_value(text, wanted);
  for (const auto& reply : replies_) {
    if (reply->underway == nullptr || reply->modern_id != id) continue;
    // As a client over HTTP does it by closing the stream.
    std::exchange(reply->underway, nullptr)->abandon("client_cancelled");
    return give_back(*reply);
  }
}

void DuplexClient::end_streams(std::string_view why) {
  for (const auto& reply : replies_) {
    if (reply->underway == nullptr || !reply->listening) continue;
    std::exchange(reply->underway, nullptr)->abandon(why);
    give_back(*reply);
  }
}

void DuplexClient::take_batch(Caller& caller, Reply& reply, json::Value array) {
  const bool may = session_ && session_->revision == mcp::Revision::v2025_03_26;
  const auto refusal = may ? Batch::check(array) : mcp::read_message(array, mcp::Sender::client).error();
  if (refusal) {
    refuse(caller, *refusal, reply.text);
    return give_back(reply);
  }
  caller.session = session_;
  caller.revision = session_->revision;
  Batch& batch = worker_.take_batch(caller);
  reply.underway = &batch;
  batch.begin(reply, reply.text, array);
}

void DuplexClient::refuse(const Caller& caller, const mcp::Refusal& refusal, std::string_view text) {
  worker_.record_refusal(caller, refusal, text, 0);
  std::string body;
  if (!refusal.notification) mcp::append_refusal(body, refusal, text);
  output_.refuse(body);
}

void DuplexClient::refuse_long(const Caller& caller) {
  refuse(caller, {.code = mcp::ErrorCode::invalid_request, .message = "The message is longer than the gateway's limit for requests."}, {});
}

void DuplexClient::opened(const Reply& reply, std::string_view session) {
  if (ended_ || session_) return;
  auto opened = worker_.sessions().find(session, reply.caller.grant->grant->id);
  // A message before the answer to initialize names it, too.
  if (opened == nullptr || !opened->ready) return;
  session_ = std::move(opened);
  session_->pinned = true;
  opener_ = reply.caller;
  opener_.client_address = {};
  Caller who = reply.caller;
  who.session = session_;
  who.revision = session_->revision;
  listener_ = std::make_unique<Reply>(*this);
  listener_->address = reply.address;
  listener_->caller = reply.caller;
  listener_->caller.client_address = listener_->address;
  Errand& errand = worker_.take_errand(*who.grant);
  listener_->underway = &errand;
  errand.begin_listening(*listener_, who);
}

void DuplexClient::pause() {
  for (const auto& reply : replies_) {
    if (reply->underway != nullptr) reply->underway->pause();
  }
  if (listener_ && listener_->underway != nullptr) listener_->underway->pause();
}

void DuplexClient::resume() {
  for (const auto& reply : replies_) {
    if (reply->underway != nullptr) reply->underway->resume();
  }
  if (listener_ && listener_->underway != nullptr) listener_->underway->resume();
}

void DuplexClient::end(std::string_view why) {
  ended_ = true;
  held_.clear();
  for (const auto& reply : replies_) {
    if (Underway* underway = std::exchange(reply->underway, nullptr)) underway->abandon(why);
  }
  if (listener_) {
    if (Underway* underway = std::exchange(listener_->underway, nullptr)) underway->abandon(why);
  }
  if (session_ && !session_->ended) {
    static Nobody nobody;
    opener_.session = std::exchange(session_, nullptr);
    opener_.revision = opener_.session->revision;
    worker_.take_errand(*opener_.grant).begin_closing(nobody, opener_);
  }
  session_.reset();
  opener_ = Caller{};
}

}  // namespace doorward::gateway
