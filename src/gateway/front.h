#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "http/head.h"

namespace doorward::gateway {

/// Where the answer to one message of a client goes: a connection over HTTP, or the standard output of `run`.
/// Worker's thread. Pieces are consecutive parts of one text and are copied before the function returns.
class Front {
 public:
  using Pieces = std::span<const std::string_view>;

  /// The whole answer: one JSON message, or nothing (a notification was accepted). Ends the exchange.
  /// `session`: the id of a session that this answer opens, or empty.
  virtual void answer(int status, Pieces json, std::string_view session) = 0;
  /// One message of an answer that has several; the first one opens the stream.
  virtual void send(Pieces json, std::string_view session) = 0;
  /// Opens the stream before there is a message (the server did, too).
  virtual void open_stream(std::string_view session) = 0;
  /// Opens the stream with an event that the client can come back to (2025-11-25); `retry_ms`: how long it
  /// shall wait before it does. False where the transport has no such thing: nothing was sent.
  virtual bool prime(std::optional<std::uint32_t> retry_ms) {
    static_cast<void>(retry_ms);
    return false;
  }
  /// The client's connection may end now and be asked for the rest later; the exchange goes on. Only after
  /// prime().
  virtual void suspend(std::optional<std::uint32_t> retry_ms) { static_cast<void>(retry_ms); }
  /// The last message of a stream has been sent. Ends the exchange.
  virtual void end_stream() = 0;

  /// The headers of the request, which may repeat some of its arguments; null where the transport has none.
  virtual const http::Headers* headers() const = 0;

  /// Whether the client still listens, as far as its transport tells.
  virtual bool heard() const { return true; }

  /// Whether the answers of all requests come on one stream, where a cancelled one has none.
  virtual bool shares_stream() const { return false; }

  /// How the client calls a tool of the server: as the server does, or in a bundle with a prefix. Good until
  /// the next event.
  virtual std::string_view shown_tool(std::string_view name) const { return name; }

 protected:
  ~Front() = default;
};

}  // namespace doorward::gateway
