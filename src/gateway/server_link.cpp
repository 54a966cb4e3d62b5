#include "gateway/server_link.h"

#include <algorithm>
#include <utility>

#include "gateway/bridge_to_legacy.h"
#include "gateway/bridge_to_modern.h"
#include "gateway/session.h"
#include "gateway/tool_lister.h"
#include "gateway/transport_probe.h"
#include "gateway/worker.h"

namespace doorward::gateway {
namespace {
constexpr std::int64_t kListPauseUs = 1'000'000;
constexpr std::int64_t kFirstPauseUs = 500'000;
constexpr std::int64_t kLongestPauseUs = 60'000'000;
constexpr std::int64_t kDoubtPauseUs = 5'000'000;
constexpr std::size_t kMostHeld = 1000;

/// Header lines of a legacy message: the version since 2025-06-18, the session.
void append_legacy_lines(std::string& out, const Session* session, mcp::Revision revision) {
  if (session == nullptr) return;
  if (revision >= mcp::Revision::v2025_06_18 && session->ready) {
    out += "MCP-Protocol-Version: ";
    out += mcp::to_string(revision);
    out += "\r\n";
  }
  if (!session->upstream_id.empty()) {
    out += "Mcp-Session-Id: ";
    out += session->upstream_id;
    out += "\r\n";
  }
}

/// The grant in whose name a message goes out.
std::string_view account_of(const Outgoing& message) {
  if (!message.grant.empty() || message.session == nullptr) return message.grant;
  return message.session->grant_id;
}

}  // namespace

ServerLink::ServerLink(Worker& worker, const ServerEntry& server)
    : worker_(worker),
      settings_(server.settings),
      child_backoff_(kFirstPauseUs, kLongestPauseUs),
      tools_(server),
      eras_(worker.shared().eras.of(settings_)) {
  if (settings_->is_http()) {
    transport_ = settings_->http().transport;
  }
  if (settings_->is_builtin()) {
    builtin_ =
        std::make_unique<upstream::BuiltinLink>(worker_.loop(), *worker_.shared().options.builtin, settings_);
  }
  if (eras_->legacy != Speaks::yes) to_modern_ = std::make_unique<BridgeToModern>(worker_, *this);
}

ServerLink::~ServerLink() {
  lister_.reset();  // it may hold a ticket of a bridge
}

upstream::HttpPool& ServerLink::pool_of(std::string_view grant) {
  const std::optional<upstream::OAuthSettings>& oauth = settings_->http().oauth;
  const std::string_view owner = oauth && oauth->per_grant ? grant : std::string_view();
  const auto found = pools_.find(owner);
  if (found != pools_.end()) return *found->second;
  upstream::TokenSource source;
  if (oauth) source = {&worker_.shared().tokens, worker_.shared().tokens.slot(settings_->name, owner)};
  auto pool = std::make_unique<upstream::HttpPool>(worker_.loop(), *worker_.shared().resolver, settings_, source,
                                                   worker_.shared().hop);
  return *pools_.emplace(owner, std::move(pool)).first->second;
}

ServerChannel* ServerLink::shared_child() {
  const std::int64_t now = worker_.loop().now_us();
  if (child_ && child_->gone()) {
    child_.reset();
    if (!probe_) doubt_era();  // the next process may be of another version
    child_backoff_.failed(now);
  }
  if (child_) return child_.get();
  if (child_backoff_.wait_us(now) > 0) {
    child_failure_ = "the process ended and is started again later";
    return nullptr;
  }
  Result<std::unique_ptr<ServerChannel>> started =
      ServerChannel::start_process(worker_, settings_, nullptr);
  if (!started) {
    child_failure_ = started.error().message;
    child_backoff_.failed(now);
    return nullptr;
  }
  child_ = std::move(*started);
  return child_.get();
}

Result<upstream::Ticket*> ServerLink::send(const Outgoing& message, upstream::Call& call) {
  if (mcp::era_of(message.revision) == mcp::Era::legacy) {
    if (message.session != nullptr && message.session->bridge != nullptr) {
      return message.session->bridge->send(message, call);
    }
    if (message.method == mcp::Method::initialize && to_modern_) return to_modern_->send(message, call);
    return send_native(message, call);
  }
  switch (eras_->modern) {
    case Speaks::yes:
      return send_native(message, call);
    case Speaks::no:
      return to_legacy().send(message, call);
    case Speaks::unknown:
      return hold(message, call);
  }
  return nullptr;
}

BridgeToLegacy& ServerLink::to_legacy() {
  if (!to_legacy_) to_legacy_ = std::make_unique<BridgeToLegacy>(worker_, *this);
  return *to_legacy_;
}

Result<upstream::Ticket*> ServerLink::hold(const Outgoing& message, upstream::Call& call) {
  if (message.id == 0) return nullptr;  // about a request that waits itself: its ticket says the same
  if (held_.size() >= kMostHeld) {
    return fail(ErrorKind::exhausted, "too many requests wait for the server's first answer");
  }
  auto holding = std::make_unique<Holding>(*this, message, call);
  if (const Status asked = find_era(*holding, account_of(message)); !asked) return std::unexpected(asked.error());
  held_.push_back(std::move(holding));
  return held_.back().get();
}

void ServerLink::Holding::on_era_known(const upstream::Failure* failure) {
  if (done()) return;
  if (failure != nullptr) return fail({failure->kind, false, failure->detail});
  sent(owner.send(outgoing(), *this));
}

Status ServerLink::find_era(EraWaiter& waiter, std::string_view grant) {
  if (!probe_) {
    auto probe = std::make_unique<EraProbe>(worker_, *this, grant);
    if (Status started = probe->start(); !started) return started;
    probe_ = std::move(probe);
  }
  era_waiters_.push_back(&waiter);
  return {};
}

void ServerLink::era_found(Speaks modern, const upstream::Failure* failure) {
  eras_->modern = modern;
  finished_probe_ = std::move(probe_);  // it is on the stack
  if (modern == Speaks::no) end_shared_child();
  std::vector<EraWaiter*> waiters;
  waiters.swap(era_waiters_);
  for (EraWaiter* waiter : waiters) waiter->on_era_known(failure);
}

void ServerLink::doubt_era() {
  if (settings_->protocol.era != upstream::ServerEra::automatic) return;
  const std::int64_t now = worker_.loop().now_us();
  if (now - doubted_us_ < kDoubtPauseUs) return;
  doubted_us_ = now;
  eras_->reset(*settings_);
}

void ServerLink::end_shared_child() {
  if (!child_) return;
  child_->detach();
  ending_channels_.push_back(std::move(child_));
}

void ServerLink::end_channel(Session& session) {
  if (!session.channel) return;
  session.channel->detach();
  ending_channels_.push_back(std::move(session.channel));
}

Result<upstream::Ticket*> ServerLink::send_native(const Outgoing& message, upstream::Call& call) {
  using upstream::HttpTransport;
  if (builtin_) {
    if (message.id == 0) return nullptr;
    return &builtin_->send(message.id, message.json, message.grant, call);
  }
  if (!settings_->withheld.empty()) return fail(ErrorKind::unavailable, settings_->withheld);
  const bool channelled = message.session != nullptr && message.session->channel != nullptr;
  if (settings_->is_http() && !channelled && (message.session == nullptr || transport_ != HttpTransport::sse)) {
    const bool finds_out = message.session != nullptr && transport_ == HttpTransport::automatic &&
                           message.method == mcp::Method::initialize;
    if (!finds_out) return post(message, call);
    auto probe = std::make_unique<TransportProbe>(*this, message, call);
    probe->sent(post(message, *probe));
    held_.push_back(std::move(probe));
    return held_.back().get();
  }
  const Result<ServerChannel*> channel = channel_of(message);
  if (!channel) return std::unexpected(channel.error());
  if (message.id == 0) {
    (*channel)->link().notify(message.json);
    return nullptr;
  }
  return &(*channel)->link().send(message.id, message.json, call, message.listening);
}

upstream::Ticket* ServerLink::post(const Outgoing& message, upstream::Call& call) {
  static thread_local std::string lines;
  lines.clear();
  const bool legacy = mcp::era_of(message.revision) == mcp::Era::legacy;
  if (legacy) append_legacy_lines(lines, message.session, message.revision);
  lines += message.mirror_lines;
  return &pool_of(account_of(message)).start({.method = http::Method::post,
                        .lines = lines,
                        .body = message.json,
                        .listening = message.listening,
                        .resumable = legacy && message.session != nullptr && message.id != 0,
                        .id = message.id,
                        .hops = message.hops},
                       call);
}

Result<ServerChannel*> ServerLink::channel_of(const Outgoing& message) {
  if (message.session == nullptr) {
    ServerChannel* shared = shared_child();
    if (shared == nullptr) return fail(ErrorKind::unavailable, child_failure_);
    return shared;
  }
  std::unique_ptr<ServerChannel>& channel = message.session->channel;
  if (channel == nullptr && settings_->is_http()) {
    channel = ServerChannel::open_stream(worker_, pool_of(account_of(message)), *message.session);
  }
  if (channel == nullptr) {
    Result<std::unique_ptr<ServerChannel>> started =
        ServerChannel::start_process(worker_, settings_, message.session);
    if (!started) return std::unexpected(started.error());
    channel = std::move(*started);
  }
  if (!channel->running()) return fail(ErrorKind::unavailable, "what carried this session has ended");
  return channel.get();
}

upstream::Ticket& ServerLink::open(http::Method method, Session& session, upstream::Call& call) {
  if (session.bridge != nullptr) return session.bridge->open(method, session, call);
  return open_native(method, session, call);
}

upstream::Ticket& ServerLink::open_native(http::Method method, const Session& session, upstream::Call& call) {
  std::string lines;
  append_legacy_lines(lines, &session, session.revision);
  const bool stream = method == http::Method::get;
  return pool_of(session.grant_id).start(
      {.method = method, .lines = lines, .body = {}, .listening = stream, .resumable = stream}, call);
}

bool ServerLink::may_list_tools() const {
  return lister_ != nullptr || worker_.loop().now_us() - listed_us_ >= kListPauseUs;
}

void ServerLink::list_tools(Session* session, mcp::Revision revision, std::string_view grant,
                            ToolsWaiter& waiter) {
  waiters_.push_back(&waiter);
  refresh_tools(session, revision, grant);
}

void ServerLink::refresh_tools(Session* session, mcp::Revision revision, std::string_view grant) {
  if (lister_) return;
  // Behind a bridge, too, the tools are known in the server's own words.
  if (session != nullptr && session->bridge != nullptr) revision = mcp::Revision::v2026_07_28;
  was_outdated_ = std::exchange(outdated_, false);
  list_failed(upstream::FailureKind::protocol, "the server does not list its tools");
  lister_ = std::make_unique<ToolLister>(worker_, *this, session, revision, std::string(grant));
  lister_->start();
}

void ServerLink::learn_tools(json::Value result, bool first_page) {
  if (first_page && !result.find("nextCursor").is(json::Type::string)) {
    tools_.begin();
    tools_.take(result);
    tools_.finish();
  } else {
    tools_.glance(result);
  }
  report_tools();
}

void ServerLink::outdate_tools(Session* session, mcp::Revision revision, std::string_view grant) {
  outdated_ = true;
  // Of a server that announces without end every second announcement would be a request otherwise.
  if (may_list_tools()) refresh_tools(session, revision, grant);
}

void ServerLink::report_tools() {
  std::optional<ToolReport> report = tools_.report();
  if (report && !worker_.shared().tool_reports.offer(std::move(*report))) tools_.report_refused();
}

void ServerLink::stop_waiting(ToolsWaiter& waiter) {
  std::erase(waiters_, &waiter);
}

void ServerLink::session_gone(Session& session) {
  if (lister_) lister_->session_gone(session);
  if (session.bridge != nullptr) session.bridge->session_gone(session);
}

void ServerLink::list_failed(upstream::FailureKind kind, std::string_view detail) {
  list_failure_ = kind;
  list_failure_detail_ = detail;
}

void ServerLink::tools_listed(bool ok) {
  // That one grant has no account says nothing of the next one's.
  const bool unauthorized = !ok && list_failure_ == upstream::FailureKind::unauthorized;
  if (!unauthorized) listed_us_ = worker_.loop().now_us();
  outdated_ = outdated_ || (!ok && was_outdated_);
  if (ok) report_tools();
  finished_lister_ = std::move(lister_);  // it is on the stack
  std::vector<ToolsWaiter*> waiters;
  waiters.swap(waiters_);
  for (ToolsWaiter* waiter : waiters) waiter->on_tools_listed(ok);
}

void ServerLink::retire() {
  retired_ = true;
  end_shared_child();
  if (to_legacy_) to_legacy_->retire();
  if (to_modern_) to_modern_->retire();
}

bool ServerLink::quiet() const {
  const bool holds = std::any_of(held_.begin(), held_.end(), [](const auto& held) { return !held->done(); });
  return !holds && child_ == nullptr && ending_channels_.empty() && probe_ == nullptr && lister_ == nullptr &&
         std::ranges::all_of(pools_, [](const auto& pool) { return pool.second->busy() == 0; });
}

void ServerLink::tick() {
  finished_lister_.reset();
  finished_probe_.reset();
  if (probe_) probe_->tick();
  if (to_legacy_) to_legacy_->tick();
  if (to_modern_) to_modern_->tick();
  std::erase_if(held_, [](const auto& held) { return held->done(); });
  std::erase_if(ending_channels_, [](const auto& channel) { return channel->gone(); });
  if (builtin_) builtin_->tick();
  for (const auto& [owner, pool] : pools_) pool->tick();
  if (child_) {
    child_->link().tick();
    const std::int64_t proven_us = child_backoff_.until_us() + kLongestPauseUs;
    if (child_->running() && worker_.loop().now_us() > proven_us) child_backoff_.succeeded();
  }
}

}  // namespace doorward::gateway
