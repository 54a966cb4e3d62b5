#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/bundle_settings.h"
#include "gateway/bundle_view.h"
#include "gateway/exchange.h"
#include "gateway/session.h"
#include "mcp/revision.h"

namespace doorward::gateway {

class BundleCall;
class Worker;

/// Waits for a member's session. Worker's thread.
class MemberWaiter {
 public:
  /// `ready`: the member answered the handshake.
  virtual void on_member(bool ready) = 0;

 protected:
  ~MemberWaiter() = default;
};

/// What a legacy session has beside when it is one of a bundle: a session with each member, opened with the
/// client's own handshake. A member that fails is tried again when it is used next. Worker's thread.
class BundleSession {
 public:
  /// `initialize`: the client's request, which every member is sent.
  BundleSession(Worker& worker, std::shared_ptr<const BundleSettings> settings, std::string initialize);
  ~BundleSession();

  const BundleSettings& settings() const { return *settings_; }

  enum class Ready : std::uint8_t { yes, later, no };
  /// Whether there is a session with the member. `later`: it is being opened, and the waiter is called, once.
  /// `caller`: narrowed to the member, without a session.
  Ready need(std::size_t member, const Caller& caller, MemberWaiter& waiter);
  void stop_waiting(MemberWaiter& waiter);
  /// Null where none is open.
  std::shared_ptr<Session> session(std::size_t member) const;
  /// Whether the handshake with the member is over.
  bool is_open(std::size_t member) const {
    return session(member) != nullptr && members_[member].opening == nullptr;
  }
  std::size_t members() const { return members_.size(); }
  bool has_member(std::string_view server) const;

  /// What the member said of itself in its handshake, as JSON; empty: nothing.
  const std::string& capabilities(std::size_t member) const { return members_[member].capabilities; }
  const std::string& instructions(std::size_t member) const { return members_[member].instructions; }

  /// Members that open from now on are told this as well.
  void set_initialized() { initialized_ = true; }
  void set_log_level(std::string message) { log_level_ = std::move(message); }

  /// The session is used: its members' sessions are too.
  void touch(std::int64_t now_us);
  /// Ends the members' sessions.
  void end();

  std::shared_ptr<BundleView> view;  ///< made on first use
  std::vector<BundleCall*> running;  ///< requests under way
  BundleCall* listener = nullptr;    ///< the GET stream, if one is open

 private:
  class Opening;
  struct Member {
    std::shared_ptr<Session> session;
    std::unique_ptr<Opening> opening;
    std::vector<MemberWaiter*> waiters;
    std::int64_t retry_us = INT64_MIN;
    std::string capabilities;
    std::string instructions;
  };
  void opened(std::size_t member, bool ok);

  Worker& worker_;
  std::shared_ptr<const BundleSettings> settings_;
  std::string initialize_;
  std::string log_level_;
  bool initialized_ = false;
  bool ended_ = false;
  std::vector<Member> members_;
  std::vector<std::unique_ptr<Opening>> done_;  ///< may be on the stack; gone with the next one
};

/// Reads a message of the gateway's own making for a member and begins an exchange with it. `text` stays
/// unchanged until the front is answered.
void begin_member(Worker& worker, Exchange& exchange, Front& front, const Caller& caller,
                  std::string_view text);

}  // namespace doorward::gateway
