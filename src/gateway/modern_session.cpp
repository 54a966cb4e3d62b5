#include "gateway/modern_session.h"

#include <algorithm>
#include <utility>

#include "gateway/bridge_to_modern.h"
#include "gateway/modern_call.h"
#include "gateway/worker.h"
#include "json/copy.h"
#include "json/writer.h"
#include "mcp/to_legacy.h"

namespace doorward::gateway {
namespace {

constexpr std::int64_t kFirstPauseUs = 500'000;
constexpr std::int64_t kLongestPauseUs = 60'000'000;
/// Resources that one session may be subscribed to.
constexpr std::size_t kMostUris = 1000;

bool is_change(mcp::Method method) {
  return method == mcp::Method::tools_list_changed || method == mcp::Method::prompts_list_changed ||
         method == mcp::Method::resources_list_changed || method == mcp::Method::resources_updated;
}

}  // namespace

ModernOffer ModernOffer::of(json::Value capabilities) {
  const json::Value resources = capabilities.find("resources");
  return {.logging = capabilities.find("logging").is(json::Type::object),
          .subscribe = json::is_true(resources.find("subscribe")),
          .tools_change = json::is_true(capabilities.find("tools").find("listChanged")),
          .prompts_change = json::is_true(capabilities.find("prompts").find("listChanged")),
          .resources_change = json::is_true(resources.find("listChanged"))};
}

ModernSession::ModernSession(BridgeToModern& bridge, Session& session, mcp::Revision revision,
                             mcp::ClientSelf self, ModernOffer offer)
    : bridge_(bridge), session_(session), revision_(revision), self_(std::move(self)), offer_(offer) {}

ModernSession::~ModernSession() = default;

void ModernSession::close() {
  stream_ = nullptr;
  drop(next_);
  drop(current_);
}

std::uint64_t ModernSession::take_question(std::uint64_t question) {
  const auto found = questions_.find(question);
  if (found == questions_.end()) return 0;
  const std::uint64_t call = found->second;
  questions_.erase(found);
  return call;
}

void ModernSession::forget_questions(std::uint64_t call) {
  std::erase_if(questions_, [call](const auto& question) { return question.second == call; });
}

void ModernSession::subscribe(std::string_view uri, BridgedCall& call) {
  if (!offer_.subscribe) return call.answer_error_later(mcp::ErrorCode::method_not_found, "Method not found.");
  if (uris_.size() >= kMostUris) {
    return call.answer_error_later(mcp::ErrorCode::internal_error,
                                   "This session is subscribed to too many resources.");
  }
  uris_.emplace(uri);
  waiting_.push_back({call.id(), std::string(uri)});
  renew();
}

void ModernSession::unsubscribe(std::string_view uri, BridgedCall& call) {
  if (!offer_.subscribe) return call.answer_error_later(mcp::ErrorCode::method_not_found, "Method not found.");
  const auto found = uris_.find(uri);
  if (found == uris_.end()) return call.answer_result_later("{}");
  uris_.erase(found);
  waiting_.push_back({call.id(), {}});
  renew();
}

void ModernSession::stream_opened(SessionStream& stream) {
  stream_ = &stream;
  renew();
}

void ModernSession::stream_closed(SessionStream& stream) {
  if (stream_ != &stream) return;
  stream_ = nullptr;
  renew();
}

std::string ModernSession::filter() const {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  if (stream_ != nullptr && offer_.tools_change) writer.key("toolsListChanged").boolean(true);
  if (stream_ != nullptr && offer_.prompts_change) writer.key("promptsListChanged").boolean(true);
  if (stream_ != nullptr && offer_.resources_change) writer.key("resourcesListChanged").boolean(true);
  if (!uris_.empty()) {
    writer.key("resourceSubscriptions").begin_array();
    for (const std::string& uri : uris_) writer.string(uri);
    writer.end_array();
  }
  writer.end_object();
  return out;
}

void ModernSession::drop(std::unique_ptr<ModernSubscription>& which) {
  if (!which) return;
  which->close();
  finished_.push_back(std::move(which));
}

void ModernSession::renew() {
  drop(next_);
  const std::string wanted = filter();
  if (wanted == "{}") {
    drop(current_);
    return settle(nullptr, {});
  }
  next_ = std::make_unique<ModernSubscription>(bridge_, *this);
  if (const Status opened = next_->open(wanted); !opened) ended(*next_, opened.error().message);
}

void ModernSession::settle(const std::set<std::string, std::less<>>* granted, std::string_view why) {
  for (const Waiting& each : std::exchange(waiting_, {})) {
    const bool good = why.empty() && (each.uri.empty() || (granted != nullptr && granted->contains(each.uri)));
    if (!good && !each.uri.empty()) uris_.erase(each.uri);
    BridgedCall* call = bridge_.find_call(each.call);
    if (call == nullptr) continue;
    if (good || each.uri.empty()) {
      call->answer_result_later("{}");
    } else {
      call->answer_error_later(why.empty() ? mcp::ErrorCode::invalid_params : mcp::ErrorCode::internal_error,
                               why.empty() ? "The server does not let its clients subscribe to this resource."
                                           : why);
    }
  }
}

void ModernSession::confirmed(ModernSubscription& by, json::Value granted) {
  if (next_.get() != &by) return;
  std::set<std::string, std::less<>> uris;
  for (const json::Value uri : granted.find("resourceSubscriptions").elements()) {
    if (uri.is(json::Type::string)) uris.emplace(uri.string());
  }
  drop(current_);
  current_ = std::move(next_);
  pause_us_ = 0;
  settle(&uris, {});
}

void ModernSession::heard(ModernSubscription& from, std::string_view text, const mcp::Message& message) {
  if (current_.get() != &from || stream_ == nullptr || !is_change(message.method)) return;
  std::string legacy;
  mcp::append_legacy_notification(legacy, text, message, revision_, {});
  stream_->deliver(legacy);
}

void ModernSession::on_server_message(std::string_view text, const mcp::Message& message) {
  if (message.kind == mcp::Kind::request) return bridge_.protocol_error("a modern server sends a request");
  if (message.method != mcp::Method::message) return;  // changes come in subscriptions, which they name
  if (ModernCall* call = bridge_.latest_call(session_)) call->on_notification(text, message);
}

void ModernSession::ended(ModernSubscription& which, std::string_view why) {
  const bool was_next = next_.get() == &which;
  drop(was_next ? next_ : current_);
  pause_us_ = std::clamp(pause_us_ * 2, kFirstPauseUs, kLongestPauseUs);
  retry_us_ = bridge_.worker().loop().now_us() + pause_us_;
  if (was_next) settle(nullptr, why);
}

void ModernSession::tick() {
  finished_.clear();
  if (next_) next_->tick();
  const bool idle = !current_ && !next_;
  if (idle && bridge_.worker().loop().now_us() >= retry_us_ && filter() != "{}") renew();
}

ModernSubscription::~ModernSubscription() {
  close();
}

Status ModernSubscription::open(std::string_view filter) {
  std::string params = R"("notifications":)";
  params += filter;
  number_ = bridge_.worker().next_number();
  confirm_by_us_ =
      bridge_.worker().loop().now_us() + bridge_.link().settings().timeouts.first_byte.count() * 1000;
  const Result<upstream::Ticket*> sent =
      bridge_.send_own(owner_->session(), mcp::Method::subscriptions_listen, params, owner_->self(), number_, *this);
  if (!sent) return std::unexpected(sent.error());
  ticket_ = *sent;
  return {};
}

void ModernSubscription::close() {
  if (owner_ == nullptr) return;
  Session& session = std::exchange(owner_, nullptr)->session();
  if (ticket_ == nullptr) return;
  std::exchange(ticket_, nullptr)->cancel();
  bridge_.tell_cancelled(session, number_);
}

void ModernSubscription::tick() {
  if (!confirmed_ && bridge_.worker().loop().now_us() >= confirm_by_us_) {
    end("The server did not confirm the subscription in time.");
  }
}

void ModernSubscription::on_message(std::string_view text) {
  if (owner_ == nullptr) return;
  const std::optional<mcp::Message> message = bridge_.read(text, mcp::Sender::server);
  if (!message) return bridge_.protocol_error("a subscription carries what is no message");
  switch (message->kind) {
    case mcp::Kind::notification:
      if (message->method == mcp::Method::subscriptions_acknowledged) {
        confirmed_ = true;
        return owner_->confirmed(*this, message->params.find("notifications"));
      }
      if (message->method == mcp::Method::cancelled) return end("The server ended the subscription.");
      return owner_->heard(*this, text, *message);
    case mcp::Kind::error:
      refusal_ = message->error.find("message").string();
      return;
    case mcp::Kind::result:
      return;  // its end follows
    case mcp::Kind::request:
      return bridge_.protocol_error("a modern server sends a request");
  }
}

void ModernSubscription::on_end() {
  ticket_ = nullptr;
  end(refusal_.empty() ? std::string_view("The server ended the subscription.") : refusal_);
}

void ModernSubscription::on_failure(const upstream::Failure& failure) {
  ticket_ = nullptr;
  end(upstream::to_string(failure.kind));
}

void ModernSubscription::end(std::string_view why) {
  if (owner_ != nullptr) owner_->ended(*this, why);
}

void SessionStream::deliver(std::string_view text) {
  if (begun_ && !done()) call_->on_message(text);
}

void SessionStream::cancel() {
  BridgedCall::cancel();
  if (ModernSession* session = bridge_.find(session_)) session->stream_closed(*this);
}

void SessionStream::go_on() {
  stream_ = true;
  begin_answer();
  if (ModernSession* session = done() ? nullptr : bridge_.find(session_)) session->stream_opened(*this);
}

}  // namespace doorward::gateway
