#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "io/buffer.h"
#include "io/child.h"
#include "io/loop.h"
#include "json/reader.h"
#include "mcp/envelope.h"
#include "mcp/line_framer.h"
#include "upstream/call.h"
#include "upstream/settings.h"

namespace doorward::upstream {

/// Hears what a child process says that belongs to no single request, and of its end.
class StdioListener {
 public:
  /// A notification that names no request of ours: list_changed, log messages, updated resources.
  virtual void on_notification(std::string_view text, const mcp::Message& message) = 0;
  /// The server asks something of the client; whoever answers does so by StdioLink::notify.
  virtual void on_request(std::string_view text, const mcp::Message& message) = 0;
  /// One line that is no message of the protocol, or one that answers no request. `why` is a literal.
  virtual void on_protocol_error(std::string_view why) = 0;
  /// A line that the child wrote to its standard error; at most 20 a second are reported.
  virtual void on_error_line(std::string_view line) = 0;
  /// The process is gone; every request under way has failed. The link may be destroyed from here on, but not
  /// in here.
  virtual void on_exit(io::ExitStatus status) = 0;

 protected:
  ~StdioListener() = default;
};

/// A server that runs as a child process and speaks JSON lines (MCP stdio transport). Any number of requests
/// may be under way. Not thread-safe: the loop's thread.
class StdioLink {
 public:
  /// Starts the child. Fails with unavailable where it cannot be started. `listener` outlives the link.
  static Result<std::unique_ptr<StdioLink>> start(io::Loop& loop,
                                                  std::shared_ptr<const ServerSettings> settings,
                                                  StdioListener& listener);
  ~StdioLink();
  StdioLink(const StdioLink&) = delete;
  StdioLink& operator=(const StdioLink&) = delete;

  /// Writes one request, whose JSON carries the id `id` and, as its progress token, the same number. The
  /// ticket is good until the call's on_end or on_failure begins. `listening`: it may be silent for ever;
  /// notifications that carry its number as subscription id go to the call.
  Ticket& send(std::uint64_t id, std::span<const std::string_view> json, Call& call, bool listening = false);
  /// Writes a message that has no answer.
  void notify(std::span<const std::string_view> json);

  /// Ends the child: its input closes, then TERM, then KILL. Requests under way fail.
  void stop();
  bool running() const { return running_; }
  /// Looks at deadlines; a few times a second.
  void tick();

 private:
  struct Pipe;
  struct Pending;
  StdioLink(io::Loop& loop, std::shared_ptr<const ServerSettings> settings, StdioListener& listener);

  void write_line(std::span<const std::string_view> json);
  void on_input_ready(bool to_end);
  void flush();
  void read_output(bool to_end);
  void read_errors(bool to_end);
  void take_line(std::string_view line);
  void settle(std::uint64_t id, std::string_view text);
  void fail_all(FailureKind kind, std::string_view detail);
  void forget(std::uint64_t id);
  std::int64_t silence_deadline() const;
  void close_output();
  void close_pipes();

  io::Loop& loop_;
  std::shared_ptr<const ServerSettings> settings_;
  StdioListener& listener_;
  std::unique_ptr<io::Child> child_;
  std::unique_ptr<Pipe> input_;
  std::unique_ptr<Pipe> output_;
  std::unique_ptr<Pipe> errors_;
  io::Buffer out_;
  json::Reader reader_;
  mcp::LineFramer lines_;
  mcp::LineFramer error_lines_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Pending>> pending_;
  std::vector<std::unique_ptr<Pending>> spare_;
  bool running_ = true;
  std::int64_t error_second_ = 0;
  unsigned error_count_ = 0;
};

}  // namespace doorward::upstream
