#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace doorward::upstream {

/// Why a request got no (whole) answer from its server. None of these is a decision of a policy.
enum class FailureKind : std::uint8_t {
  resolve,       ///< the host's name has no address
  connect,       ///< nobody accepted the connection
  tls,           ///< the certificate or the handshake was refused
  start,         ///< the child process could not be started
  timeout,       ///< no answer, or a pause in it, for longer than the server's settings allow
  closed,        ///< the connection or the process ended before the answer was complete
  protocol,      ///< the answer breaks HTTP, JSON or JSON-RPC
  too_large,     ///< a message longer than the server's settings allow
  session_lost,  ///< the server no longer knows the session
  unauthorized,  ///< there is no token for the server, or it takes none of ours; nothing ran
};
std::string_view to_string(FailureKind kind);

struct Failure {
  FailureKind kind;
  bool sent;                ///< whether a byte of the request may have reached the server
  std::string_view detail;  ///< for the log, never for the agent; valid during the call only
};

/// Receives what a server sends for one request. Implemented by the gateway. All calls come on the worker's
/// thread, never from inside the function that started the request. After on_end or on_failure the link does
/// not touch the object again.
class Call {
 public:
  /// An HTTP answer begins: its status, and the session id that it names (empty: none). Not called by
  /// stdio links. `stream`: the answer is an event stream.
  virtual void on_head(int status, std::string_view session, bool stream) = 0;
  /// The WWW-Authenticate field of an answer of status 401 or 403, before on_head. Over HTTP only.
  virtual void on_challenge(std::string_view value) { static_cast<void>(value); }
  /// One whole message of the server, at most as long as its settings allow; unchecked bytes.
  virtual void on_message(std::string_view text) = 0;
  /// Nothing more will come and nothing went wrong.
  virtual void on_end() = 0;
  /// The server has numbered its stream before any message (2025-11-25): it may close it from now on and let
  /// us come back. `retry_ms`: how long it asks us to wait then. Over HTTP only.
  virtual void on_priming(std::optional<std::uint32_t> retry_ms) { static_cast<void>(retry_ms); }
  /// The server's stream has ended before the answer; the link comes back for the rest by itself.
  virtual void on_suspended(std::optional<std::uint32_t> retry_ms) { static_cast<void>(retry_ms); }
  /// The stream's event that names where to post (HTTP+SSE, 2024-11-05); means nothing in any other answer.
  virtual void on_endpoint(std::string_view uri) { static_cast<void>(uri); }
  virtual void on_failure(const Failure& failure) = 0;
  /// Whether the request asked for log messages (2026-07-28). On a channel they name no request, so one is only
  /// delivered where it can be nobody else's.
  virtual bool wants_log() const { return false; }

 protected:
  ~Call() = default;
};

/// The handle of a request under way.
class Ticket {
 public:
  /// Gives the request up: the server is told in the way of its transport, and the Call is not called again.
  virtual void cancel() = 0;
  /// Stops reading the answer until resume(); what the server still sends waits in the kernel.
  virtual void pause() = 0;
  virtual void resume() = 0;
  /// Whether the server's silence is no failure: it waits for an answer of the client.
  virtual void set_patient(bool patient) = 0;

 protected:
  ~Ticket() = default;
};

}  // namespace doorward::upstream
