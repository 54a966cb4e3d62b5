#include "gateway/bridge_to_legacy.h"

#include <algorithm>

#include "gateway/legacy_call.h"
#include "gateway/legacy_listen.h"
#include "gateway/splice.h"
#include "gateway/worker.h"
#include "json/writer.h"
#include "mcp/denial.h"

namespace doorward::gateway {
namespace {

/// A session that nobody uses ends after so long.
constexpr std::int64_t kIdleUs = 300'000'000;
constexpr std::size_t kSessionsOfGrant = 32;
/// Calls of one grant that may wait for their client at once.
constexpr std::size_t kWaitingOfGrant = 32;

}  // namespace

BridgeToLegacy::BridgeToLegacy(Worker& worker, ServerLink& link)
    : worker_(worker), link_(link), task_(io::call<&BridgeToLegacy::run_deferred>, this) {}

BridgeToLegacy::~BridgeToLegacy() {
  if (queued_) worker_.loop().withdraw(task_);
  crossings_.clear();  // they refer to sessions
}

Result<upstream::Ticket*> BridgeToLegacy::send(const Outgoing& message, upstream::Call& call) {
  if (message.id == 0) return nullptr;  // about a request whose ticket says the same
  std::string text;
  for (std::string_view piece : message.json) text += piece;
  json::Limits limits;
  limits.bytes = text.size();
  const auto root = reader_.read(text, limits);
  const auto request = mcp::read_message(*root, mcp::Sender::client);
  if (const json::Value state = request->params.find("requestState")) {
    for (const auto& crossing : crossings_) {
      auto* waiting = dynamic_cast<LegacyCall*>(crossing.get());
      if (waiting == nullptr || waiting->token().empty() || waiting->token() != state.string() ||
          waiting->grant() != message.grant) {
        continue;
      }
      waiting->resume(message, call, text, *request);
      return waiting;
    }
  }
  if (message.method == mcp::Method::subscriptions_listen) {
    auto listen = std::make_unique<LegacyListen>(*this, message, call, *request);
    if (Status begun = listen->begin(); !begun) return std::unexpected(begun.error());
    crossings_.push_back(std::move(listen));
  } else {
    auto made = std::make_unique<LegacyCall>(*this, message, call, text, *request);
    if (Status begun = made->begin(); !begun) return std::unexpected(begun.error());
    crossings_.push_back(std::move(made));
  }
  return crossings_.back().get();
}

Result<UpstreamSession*> BridgeToLegacy::session_for(const std::string& grant,
                                                     const std::string& capabilities,
                                                     const Askable& askable) {
  const upstream::SessionSharing sharing = link_.settings().protocol.sessions;
  const std::string holder = sharing == upstream::SessionSharing::shared ? std::string() : grant;
  std::size_t count = 0;
  UpstreamSession* idle = nullptr;
  for (const auto& session : sessions_) {
    if (session->ended() || session->grant() != holder) continue;
    const bool fits =
        sharing != upstream::SessionSharing::per_call && session->capabilities() == capabilities;
    if (fits) return session.get();
    ++count;
    if (session->unused() && (idle == nullptr || session->last_used_us() < idle->last_used_us())) {
      idle = session.get();
    }
  }
  if (count >= kSessionsOfGrant) {
    if (idle == nullptr)
      return fail(ErrorKind::exhausted, "this grant has too many sessions with the server in use");
    idle->end();
  }
  sessions_.push_back(std::make_unique<UpstreamSession>(worker_, link_, holder, capabilities, askable));
  UpstreamSession& session = *sessions_.back();
  session.start();
  return &session;
}

void BridgeToLegacy::leave(Crossing& crossing, UpstreamSession& session) {
  session.leave(crossing);
  if (link_.settings().protocol.sessions == upstream::SessionSharing::per_call && session.unused())
    session.end();
}

void BridgeToLegacy::defer(Crossing& crossing) {
  if (crossing.deferred) return;
  crossing.deferred = true;
  deferred_.push_back(&crossing);
  if (queued_) return;
  queued_ = true;
  worker_.loop().defer(task_);
}

void BridgeToLegacy::run_deferred() {
  queued_ = false;
  std::vector<Crossing*> turns;
  turns.swap(deferred_);
  for (Crossing* crossing : turns) {
    crossing->deferred = false;
    crossing->on_turn();
  }
}

bool BridgeToLegacy::may_wait(std::string_view grant) const {
  const auto waiting = std::count_if(crossings_.begin(), crossings_.end(), [&](const auto& crossing) {
    const auto* call = dynamic_cast<const LegacyCall*>(crossing.get());
    return call != nullptr && !call->token().empty() && call->grant() == grant;
  });
  return static_cast<std::size_t>(waiting) < kWaitingOfGrant;
}

bool BridgeToLegacy::grant_holds(std::string_view grant) const {
  const std::vector<GrantEntry>& grants = worker_.world()->grants();
  const auto found = std::find_if(grants.begin(), grants.end(),
                                  [&](const GrantEntry& entry) { return entry.grant->id == grant; });
  const std::int64_t now_s = worker_.loop().wall_us() / 1'000'000;
  if (found == grants.end()) return worker_.agents().holds(grant, now_s);
  return !found->grant->is_revoked() && !found->grant->is_expired(now_s);
}

std::string BridgeToLegacy::canonical_capabilities(json::Value capabilities) {
  std::string out = "{";
  for (std::string_view name : {"elicitation", "roots", "sampling"}) {
    const json::Value value = capabilities.find(name);
    if (!value) continue;
    if (out.size() > 1) out += ',';
    out.append("\"").append(name).append("\":");
    canonical_.append(value, out);
  }
  return out += '}';
}

void BridgeToLegacy::retire() {
  // What is told may bring new messages: the lists may grow meanwhile.
  for (std::size_t i = 0; i < crossings_.size(); ++i) crossings_[i]->give_up();
  for (std::size_t i = 0; i < sessions_.size(); ++i) sessions_[i]->end();
}

void BridgeToLegacy::tick() {
  // What is told may bring new messages: the lists may grow meanwhile.
  for (std::size_t i = 0; i < crossings_.size(); ++i) crossings_[i]->tick();
  std::erase_if(crossings_, [](const auto& crossing) { return crossing->done(); });
  const std::int64_t idle_since = worker_.loop().now_us() - kIdleUs;
  for (std::size_t i = 0; i < sessions_.size(); ++i) {
    UpstreamSession& session = *sessions_[i];
    session.tick();
    if (!session.ended() && session.unused() && session.last_used_us() < idle_since) session.end();
  }
  std::erase_if(sessions_, [](const auto& session) { return session->gone(); });
}

}  // namespace doorward::gateway
