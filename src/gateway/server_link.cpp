#include "gateway/server_link.h"

#include <algorithm>

#include "gateway/exchange.h"
#include "gateway/session.h"
#include "gateway/tool_lister.h"
#include "gateway/worker.h"

namespace doorward::gateway {
namespace {
constexpr std::int64_t kListPauseUs = 1'000'000;
constexpr std::int64_t kFirstPauseUs = 500'000;
constexpr std::int64_t kLongestPauseUs = 60'000'000;

/// Header lines of a legacy message: the version since 2025-06-18, the session.
void append_legacy_lines(std::string& out, const Session* session) {
  if (session == nullptr) return;
  if (session->revision >= mcp::Revision::v2025_06_18 && session->ready) {
    out += "MCP-Protocol-Version: ";
    out += mcp::to_string(session->revision);
    out += "\r\n";
  }
  if (!session->upstream_id.empty()) {
    out += "Mcp-Session-Id: ";
    out += session->upstream_id;
    out += "\r\n";
  }
}

}  // namespace

ServerLink::ServerLink(Worker& worker, const ServerEntry& server)
    : worker_(worker), settings_(server.settings), tools_(server) {
  if (settings_->is_http()) {
    pool_ = std::make_unique<upstream::HttpPool>(worker_.loop(), *worker_.shared().resolver, settings_);
  }
}

ServerLink::~ServerLink() = default;

StdioChild* ServerLink::shared_child() {
  if (child_ && child_->gone()) {
    child_.reset();
    child_pause_us_ = std::clamp(child_pause_us_ * 2, kFirstPauseUs, kLongestPauseUs);
    child_retry_us_ = worker_.loop().now_us() + child_pause_us_;
  }
  if (child_) return child_.get();
  if (worker_.loop().now_us() < child_retry_us_) {
    child_failure_ = "the process ended and is started again later";
    return nullptr;
  }
  Result<std::unique_ptr<StdioChild>> started = StdioChild::start(worker_, settings_, nullptr);
  if (!started) {
    child_failure_ = started.error().message;
    child_pause_us_ = std::clamp(child_pause_us_ * 2, kFirstPauseUs, kLongestPauseUs);
    child_retry_us_ = worker_.loop().now_us() + child_pause_us_;
    return nullptr;
  }
  child_ = std::move(*started);
  return child_.get();
}

Result<upstream::Ticket*> ServerLink::send(const Outgoing& message, upstream::Call& call) {
  if (pool_) {
    static thread_local std::string lines;
    lines.clear();
    if (mcp::era_of(message.revision) == mcp::Era::legacy) append_legacy_lines(lines, message.session);
    lines += message.mirror_lines;
    return &pool_->start(
        {.method = http::Method::post, .lines = lines, .body = message.json, .listening = message.listening},
        call);
  }
  StdioChild* child = nullptr;
  if (message.session != nullptr) {
    if (message.session->child == nullptr) {
      Result<std::unique_ptr<StdioChild>> started = StdioChild::start(worker_, settings_, message.session);
      if (!started) return std::unexpected(started.error());
      message.session->child = std::move(*started);
    }
    child = message.session->child.get();
    if (!child->running()) return fail(ErrorKind::unavailable, "the process of this session has ended");
  } else {
    child = shared_child();
    if (child == nullptr) return fail(ErrorKind::unavailable, child_failure_);
  }
  if (message.id == 0) {
    child->link().notify(message.json);
    return nullptr;
  }
  return &child->link().send(message.id, message.json, call, message.listening);
}

upstream::Ticket& ServerLink::open(http::Method method, const Session& session, upstream::Call& call) {
  std::string lines;
  append_legacy_lines(lines, &session);
  return pool_->start(
      {.method = method, .lines = lines, .body = {}, .listening = method == http::Method::get}, call);
}

bool ServerLink::may_list_tools() const {
  return lister_ != nullptr || worker_.loop().now_us() - listed_us_ >= kListPauseUs;
}

void ServerLink::list_tools(Session* session, mcp::Revision revision, Exchange& waiter) {
  waiters_.push_back(&waiter);
  if (lister_) return;
  lister_ = std::make_unique<ToolLister>(worker_, *this, session, revision);
  lister_->start();
}

void ServerLink::stop_waiting(Exchange& waiter) {
  std::erase(waiters_, &waiter);
}

void ServerLink::session_gone(const Session& session) {
  if (lister_) lister_->session_gone(session);
}

void ServerLink::tools_listed(bool ok) {
  listed_us_ = worker_.loop().now_us();
  finished_lister_ = std::move(lister_);  // it is on the stack
  std::vector<Exchange*> waiters;
  waiters.swap(waiters_);
  for (Exchange* waiter : waiters) waiter->on_tools_listed(ok);
}

void ServerLink::retire() {
  if (child_) child_->detach();
}

void ServerLink::tick() {
  finished_lister_.reset();
  if (pool_) pool_->tick();
  if (child_) {
    child_->link().tick();
    if (child_->running() && child_pause_us_ > 0 &&
        worker_.loop().now_us() > child_retry_us_ + kLongestPauseUs) {
      child_pause_us_ = 0;
    }
  }
}

}  // namespace doorward::gateway
