#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "upstream/challenge.h"

namespace doorward::upstream {

/// What the requests of one account send at the moment. Immutable.
struct TokenState {
  std::uint64_t version = 0;     ///< of the slot, when this was published
  std::uint64_t token = 0;       ///< number of the token: grows with each new one; 0: none yet
  std::string line;              ///< header line with its CRLF; empty: there is no token
  std::int64_t expires_us = 0;   ///< wall clock; 0: not told
  std::string problem;           ///< why there is no (better) token; for the log
  std::int64_t retry_us = 0;     ///< wall clock; before that nobody needs to ask again

  bool usable(std::int64_t wall_us) const { return !line.empty() && (expires_us == 0 || wall_us < expires_us); }
};

/// Why a worker wants another token.
enum class TokenNeed : std::uint8_t {
  missing,  ///< there is none, or it has expired
  refused,  ///< the server answered 401
  scope,    ///< the server answered 403, insufficient_scope
};

/// The account of one owner at one server: the control thread fills it, the pools of all workers send from it. A request
/// compares one number; the lock is taken when that number has changed. Thread-safe.
class TokenSlot {
 public:
  TokenSlot(std::string server, std::string owner) : server_(std::move(server)), owner_(std::move(owner)) {}

  const std::string& server() const { return server_; }
  const std::string& owner() const { return owner_; }  ///< id of a grant; empty: the server's own account

  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
  std::shared_ptr<const TokenState> state() const;
  /// Puts a state in force and tells all who listen.
  void publish(TokenState state);

  /// A request was sent under it; whether one was since the last time of asking.
  void used() {
    if (!used_.load(std::memory_order_relaxed)) used_.store(true, std::memory_order_relaxed);
  }
  bool take_used() { return used_.exchange(false, std::memory_order_relaxed); }

  /// Calls `changed` after each publication, on the publisher's thread, until forget(). It may not call back here.
  using Listener = std::list<std::function<void()>>::iterator;
  Listener listen(std::function<void()> changed);
  void forget(Listener listener);

 private:
  const std::string server_;
  const std::string owner_;
  std::atomic<std::uint64_t> version_{0};
  std::atomic<bool> used_{false};
  mutable std::mutex mutex_;
  std::shared_ptr<const TokenState> state_ = std::make_shared<const TokenState>();
  std::list<std::function<void()>> listeners_;
};

/// A worker's wish for another token.
struct TokenDemand {
  std::shared_ptr<TokenSlot> slot;
  TokenNeed need = TokenNeed::missing;
  std::uint64_t token = 0;  ///< the number of the one that the request had
  Challenge challenge;      ///< of the answer, unless the need is `missing`
};

/// The slots of all accounts, and what the workers want. One per process. Thread-safe.
class TokenBoard {
 public:
  /// Creates it where it is new. It lives as long as the board.
  std::shared_ptr<TokenSlot> slot(std::string_view server, std::string_view owner);
  std::vector<std::shared_ptr<TokenSlot>> all() const;

  /// Tells the listener. The same wish of many requests is one.
  void demand(TokenDemand demand);
  std::vector<TokenDemand> take();
  /// Called on the thread of who demands; set before the workers start.
  void set_listener(std::function<void()> listener) { listener_ = std::move(listener); }

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<TokenSlot>> slots_;
  std::vector<TokenDemand> demands_;
  std::function<void()> listener_;
};

/// Where the tokens for a server come from.
struct TokenSource {
  TokenBoard* board = nullptr;      ///< outlives who uses it
  std::shared_ptr<TokenSlot> slot;  ///< null: the server wants none
};

}  // namespace doorward::upstream
