#include "gateway/session.h"

#include <algorithm>
#include <charconv>

#include "base/encoding.h"
#include "base/hash.h"
#include "base/random.h"
#include "gateway/bundle_session.h"
#include "gateway/exchange.h"
#include "gateway/server_channel.h"

namespace doorward::gateway {
namespace {
constexpr std::size_t kRandomSize = 26;  // base/random.h
constexpr std::size_t kIdSize = kRandomSize + 2;
}  // namespace

Session::Session(EventMemory* memory) : streams(memory) {}
Session::~Session() = default;

bool Session::is_of(const GrantEntry& grant, const ServerLink* link) const {
  if (bundle == nullptr || grant.bundle == nullptr) return bundle == nullptr && server == link;
  return bundle->settings() == *grant.bundle->settings;
}

bool Session::unused() const {
  if (!running.empty() || listener != nullptr || pinned) return false;
  return bundle == nullptr || (bundle->running.empty() && bundle->listener == nullptr);
}

Exchange* Session::speaker() const {
  const auto found = std::find_if(running.rbegin(), running.rend(),
                                  [](const Exchange* exchange) { return exchange->takes_messages(); });
  return found == running.rend() ? listener : *found;
}

std::string make_session_id(unsigned worker) {
  std::string id = random_id("");
  const std::uint8_t number = static_cast<std::uint8_t>(worker);
  append_hex(id, {&number, 1});
  return id;
}

std::shared_ptr<Session> SessionTable::open(const std::string& grant_id, ServerLink* server) {
  auto session = std::make_shared<Session>(&memory_);
  session->id = make_session_id(worker_);
  session->digest = to_hex(sha256(session->id)).substr(0, 32);
  session->grant_id = grant_id;
  session->server = server;
  sessions_.emplace(session->id, session);
  visited_.reserve(sessions_.size());
  return session;
}

std::shared_ptr<Session> SessionTable::find(std::string_view id, std::string_view grant_id) const {
  const auto found = sessions_.find(id);
  if (found == sessions_.end() || found->second->grant_id != grant_id || found->second->ended) return nullptr;
  return found->second;
}

std::shared_ptr<Session> SessionTable::shared(const Session& session) const {
  const auto found = sessions_.find(session.id);
  return found == sessions_.end() ? nullptr : found->second;
}

std::optional<unsigned> SessionTable::worker_of(std::string_view id) {
  if (id.size() != kIdSize) return std::nullopt;
  unsigned worker = 0;
  const char* end = id.data() + id.size();
  const auto [at, error] = std::from_chars(id.data() + kRandomSize, end, worker, 16);
  if (error != std::errc() || at != end) return std::nullopt;
  return worker;
}

}  // namespace doorward::gateway
