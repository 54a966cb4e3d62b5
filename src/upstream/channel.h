#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "io/child.h"
#include "mcp/envelope.h"
#include "upstream/call.h"

namespace doorward::upstream {

/// How a channel ended.
struct Closing {
  std::string_view why;                   ///< for the log
  std::optional<io::ExitStatus> process;  ///< of a channel to a child process
  bool established = true;                ///< messages could be sent over it
};

/// Hears what a server says over a channel that belongs to no single request, and of the channel's end.
class ChannelListener {
 public:
  /// A notification that names no request of ours: list_changed, log messages, updated resources.
  virtual void on_notification(std::string_view text, const mcp::Message& message) = 0;
  /// The server asks something of the client; whoever answers does so by Channel::notify.
  virtual void on_request(std::string_view text, const mcp::Message& message) = 0;
  /// Something that is no message of the protocol, or that answers no request. `why` is a literal.
  virtual void on_protocol_error(std::string_view why) = 0;
  /// A line that a child process wrote to its standard error; at most 20 a second are reported.
  virtual void on_error_line(std::string_view line) = 0;
  /// The channel is gone; every request under way has failed. It may be destroyed from here on, but not in
  /// here.
  virtual void on_closed(const Closing& closing) = 0;

 protected:
  ~ChannelListener() = default;
};

/// A two-way way to a server on which all messages of a session travel and any number of requests may be
/// under way, matched to their answers by id: a child process, or HTTP+SSE. Not thread-safe: the loop's
/// thread.
class Channel {
 public:
  virtual ~Channel() = default;

  /// Sends one request, whose JSON carries the id `id` and, as its progress token, the same number. The
  /// ticket is good until the call's on_end or on_failure begins. `listening`: it may be silent for ever;
  /// notifications that carry its number as subscription id go to the call.
  virtual Ticket& send(std::uint64_t id, std::span<const std::string_view> json, Call& call,
                       bool listening = false) = 0;
  /// Sends a message that has no answer.
  virtual void notify(std::span<const std::string_view> json) = 0;
  /// Ends the channel; requests under way fail, and the listener hears of it later.
  virtual void stop() = 0;
  virtual bool running() const = 0;
  /// Looks at deadlines; a few times a second.
  virtual void tick() = 0;
};

}  // namespace doorward::upstream
