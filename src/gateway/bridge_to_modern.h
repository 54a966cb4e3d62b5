#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gateway/bridge.h"
#include "gateway/modern_session.h"
#include "json/reader.h"
#include "mcp/envelope.h"
#include "mcp/modern_request.h"

namespace doorward::gateway {

class BridgedCall;
class ModernCall;
class ServerLink;
class Worker;

/// Lets legacy clients use a server that serves the modern era only (protocol.md section 3, L->M): it shakes
/// hands in the server's place, makes each request a modern one that carries what the client said of itself
/// then, asks the client in a legacy server's way for the input that a server requires, and keeps one
/// subscription for the session's stream. One for each ServerLink.
class BridgeToModern final : public SessionBridge {
 public:
  BridgeToModern(Worker& worker, ServerLink& link);
  ~BridgeToModern() override;

  /// `message` is initialize, or comes in a session whose `bridge` this is.
  Result<upstream::Ticket*> send(const Outgoing& message, upstream::Call& call) override;
  upstream::Ticket& open(http::Method method, Session& session, upstream::Call& call) override;
  void session_gone(Session& session) override;
  void retire() override {}
  void tick() override;

  // For the calls and sessions of this bridge.

  Worker& worker() { return worker_; }
  ServerLink& link() { return link_; }
  /// What the bridge keeps for a session; null once the session has ended.
  ModernSession* find(const Session& session) const;
  /// From now on this bridge speaks for the session's server.
  void adopt(Session& session, std::unique_ptr<ModernSession> made);
  /// A call that is under way, by the id that the gateway gave it; null where it is done.
  BridgedCall* find_call(std::uint64_t id) const;
  /// The latest call of a session that the server works on; null where there is none.
  ModernCall* latest_call(const Session& session) const;
  /// Reads a message of the server or of a client; the values live until the next reading.
  std::optional<mcp::Message> read(std::string_view text, mcp::Sender sender);
  /// Sends a modern request of the bridge's own; its id is in the JSON that `call` hears of.
  Result<upstream::Ticket*> send_own(Session& session, mcp::Method method, std::string_view params, const mcp::ClientSelf& self,
                                     std::uint64_t id, upstream::Call& call);
  /// Tells a process that a request is given up; over HTTP its closed stream says so.
  void tell_cancelled(Session& session, std::uint64_t number);
  void protocol_error(std::string_view why);

 private:
  Status begin(ModernSession& session, mcp::Method method, ModernCall& call);
  void set_level(ModernSession& session, ModernCall& call);
  void take_notice(Session& session, std::string_view text, const mcp::Message& message);

  Worker& worker_;
  ServerLink& link_;
  json::Reader reader_;
  std::unordered_map<const Session*, std::unique_ptr<ModernSession>> sessions_;
  std::vector<std::unique_ptr<BridgedCall>> calls_;
  std::vector<std::unique_ptr<ModernSession>> ended_;  ///< until the next tick: they may be on the stack
};

}  // namespace doorward::gateway
