#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "http/request_head.h"
#include "mcp/method.h"
#include "mcp/revision.h"
#include "upstream/call.h"

namespace doorward::gateway {

struct Session;

/// A message of a client, as it goes toward a server. Refers to memory of its sender that stays unchanged
/// until the function that takes it returns; who keeps the message longer copies it (HeldMessage).
struct Outgoing {
  std::uint64_t id = 0;  ///< our number in its JSON, also its progress token; 0: a notification or an answer
  std::span<const std::string_view> json;
  Session* session = nullptr;  ///< legacy
  mcp::Revision revision = mcp::Revision::v2025_11_25;
  std::string_view mirror_lines;              ///< modern, over HTTP
  bool listening = false;                     ///< the answer is a stream that may be silent for ever
  mcp::Method method = mcp::Method::unknown;  ///< of a request or notification of the protocol
  std::string_view grant;  ///< id of the grant that it comes under; empty: the gateway's own
  std::string_view hops;   ///< gateways that it has come through; empty: none, or a bridge made it
};

/// Carries the messages of clients of one era to one server of the other era, for one worker: it takes what a
/// client of its era sends, speaks the server's era toward the server (ServerLink::send_native), and gives
/// back what a server of the client's era would have said. It only translates; what may pass was decided
/// above. Worker's thread. Nothing is called back from inside these functions.
class Bridge {
 public:
  virtual ~Bridge() = default;

  /// As ServerLink::send.
  virtual Result<upstream::Ticket*> send(const Outgoing& message, upstream::Call& call) = 0;
  /// No new message comes: the server has left the configuration, or is of another era now.
  virtual void retire() = 0;
  /// A few times a second.
  virtual void tick() = 0;
};

/// A bridge whose clients are legacy, and so have sessions: it speaks for the server in those whose
/// Session::bridge it is.
class SessionBridge : public Bridge {
 public:
  /// As ServerLink::open.
  virtual upstream::Ticket& open(http::Method method, Session& session, upstream::Call& call) = 0;
  /// The session has ended; what the bridge holds for it goes.
  virtual void session_gone(Session& session) = 0;
};

}  // namespace doorward::gateway
