#include "upstream/http_pool.h"

#include <algorithm>

#include "upstream/authorized_request.h"
#include "upstream/http_connection.h"
#include "upstream/resumable_request.h"

namespace doorward::upstream {
namespace {
constexpr std::int64_t kAddressesGoodUs = 30'000'000;
}

std::string_view to_string(FailureKind kind) {
  switch (kind) {
    case FailureKind::resolve:
      return "resolve";
    case FailureKind::connect:
      return "connect";
    case FailureKind::tls:
      return "tls";
    case FailureKind::start:
      return "start";
    case FailureKind::timeout:
      return "timeout";
    case FailureKind::closed:
      return "closed";
    case FailureKind::protocol:
      return "protocol";
    case FailureKind::too_large:
      return "too_large";
    case FailureKind::session_lost:
      return "session_lost";
    case FailureKind::unauthorized:
      return "unauthorized";
  }
  return "protocol";
}

HttpPool::HttpPool(io::Loop& loop, io::Resolver& resolver, std::shared_ptr<const ServerSettings> settings,
                   TokenSource account, std::string_view hop)
    : loop_(loop),
      resolver_(resolver),
      settings_(std::move(settings)),
      account_(std::move(account)),
      token_(std::make_shared<const TokenState>()),
      self_(std::make_shared<HttpPool*>(this)) {
  const HttpTarget& target = settings_->http();
  hop_ = hop;
  for (const auto& [name, value] : target.headers) fixed_lines_ += name + ": " + value + "\r\n";
  if (Result<io::Address> address = io::Address::parse(target.host, target.port)) {
    addresses_.push_back(*address);
    literal_ = true;
  }
  if (!account_.slot) return;
  listener_ = account_.slot->listen([self = self_, &loop = loop_] {
    loop.post([self] {
      if (*self != nullptr) (*self)->token_changed();
    });
  });
}

HttpPool::~HttpPool() {
  if (account_.slot) account_.slot->forget(listener_);
  *self_ = nullptr;
}

std::size_t HttpPool::busy() const {
  return connections_.size() - idle_.size() + resumables_.size() - spare_.size() + authorized_.size() -
         spare_authorized_.size();
}

Ticket& HttpPool::start(const HttpRequest& request, Call& call) {
  if (!account_.slot) return send(request, call);
  if (spare_authorized_.empty()) {
    authorized_.push_back(std::make_unique<AuthorizedRequest>(*this));
    spare_authorized_.reserve(authorized_.size());
    spare_authorized_.push_back(authorized_.back().get());
  }
  AuthorizedRequest& authorized = *spare_authorized_.back();
  spare_authorized_.pop_back();
  authorized.begin(request, call);
  return authorized;
}

const TokenState& HttpPool::token() {
  if (account_.slot && account_.slot->version() != token_->version) token_ = account_.slot->state();
  return *token_;
}

void HttpPool::demand(TokenDemand demand) {
  demand.slot = account_.slot;
  account_.board->demand(std::move(demand));
}

void HttpPool::token_changed() {
  for (std::size_t i = 0; i < authorized_.size(); ++i) authorized_[i]->token_changed();
}

Ticket& HttpPool::send(const HttpRequest& request, Call& call) {
  if (!request.resumable) return exchange(request, call, nullptr);
  if (spare_.empty()) {
    resumables_.push_back(std::make_unique<ResumableRequest>(*this));
    spare_.reserve(resumables_.size());
    spare_.push_back(resumables_.back().get());
  }
  ResumableRequest& resumable = *spare_.back();
  spare_.pop_back();
  resumable.begin(request, call);
  return resumable;
}

Ticket& HttpPool::exchange(const HttpRequest& request, Call& call, ResumePoint* point) {
  if (!idle_.empty()) {
    HttpConnection& connection = *idle_.back();
    idle_.pop_back();
    connection.begin(request, call, point);
    return connection;
  }
  connections_.push_back(std::make_unique<HttpConnection>(*this));
  HttpConnection& connection = *connections_.back();
  connection.begin(request, call, point);
  if (backoff_.failing()) {
    const std::int64_t wait_us = backoff_.wait_us(loop_.now_us());
    if (wait_us > 0 || trial_ != nullptr) {
      connection.refuse("the server could not be reached; the next try is " +
                        (wait_us > 0 ? "in " + std::to_string(wait_us / 1000) + " ms" : "under way"));
      return connection;
    }
    trial_ = &connection;
  }
  if (literal_ || loop_.now_us() < addresses_until_us_) {
    connection.dial();
  } else {
    waiting_.push_back(&connection);
    resolve();
  }
  return connection;
}

void HttpPool::resolve() {
  if (resolving_) return;
  resolving_ = true;
  const HttpTarget& target = settings_->http();
  resolver_.resolve(target.host, target.port, loop_, [self = self_](Result<std::vector<io::Address>> found) {
    HttpPool* pool = *self;
    if (pool == nullptr) return;
    pool->resolving_ = false;
    pool->addresses_ = found ? std::move(*found) : std::vector<io::Address>{};
    // One address that nobody may dial makes the whole answer suspect (attack case T234).
    pool->forbidden_ = !std::ranges::all_of(
        pool->addresses_, [](const io::Address& address) { return io::may_dial(address, io::Reach::internal); });
    if (pool->forbidden_) pool->addresses_.clear();
    if (!pool->addresses_.empty()) {
      pool->addresses_until_us_ = pool->loop_.now_us() + kAddressesGoodUs;
    }
    std::vector<HttpConnection*> waiting;
    waiting.swap(pool->waiting_);
    for (HttpConnection* connection : waiting) {
      connection->dial();
    }
  });
}

Result<io::Stream> HttpPool::secure(io::Fd fd) {
  if (!tls_) {
    Result<io::TlsContext> made = io::TlsContext::create({.ca_file = settings_->http().ca_file});
    if (!made) return std::unexpected(made.error());
    tls_ = std::move(*made);
  }
  return tls_->wrap(std::move(fd), settings_->http().host);
}

void HttpPool::prefer(std::size_t address) {
  if (address != 0 && address < addresses_.size()) std::swap(addresses_[0], addresses_[address]);
}

void HttpPool::keep(HttpConnection& connection) {
  idle_.push_back(&connection);
}

void HttpPool::reached() {
  backoff_.succeeded();
}

void HttpPool::unreachable() {
  backoff_.failed(loop_.now_us());
}

void HttpPool::drop(HttpConnection& connection) {
  if (trial_ == &connection) trial_ = nullptr;
  std::erase(idle_, &connection);
  std::erase(waiting_, &connection);
}

void HttpPool::tick() {
  const std::int64_t now = loop_.now_us();
  for (std::size_t i = 0; i < connections_.size(); ++i) connections_[i]->check_deadline(now);
  for (std::size_t i = 0; i < authorized_.size(); ++i) authorized_[i]->check_deadline(now);
  std::erase_if(connections_, [](const auto& connection) { return connection->reapable(); });
}

}  // namespace doorward::upstream
