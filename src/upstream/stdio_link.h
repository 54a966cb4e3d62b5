#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "io/buffer.h"
#include "io/child.h"
#include "io/loop.h"
#include "mcp/line_framer.h"
#include "upstream/call.h"
#include "upstream/channel.h"
#include "upstream/request_table.h"
#include "upstream/settings.h"

namespace doorward::upstream {

/// A server that runs as a child process and speaks JSON lines (MCP stdio transport).
class StdioLink final : public Channel {
 public:
  /// Starts the child. Fails with unavailable where it cannot be started. `listener` outlives the link.
  static Result<std::unique_ptr<StdioLink>> start(io::Loop& loop,
                                                  std::shared_ptr<const ServerSettings> settings,
                                                  ChannelListener& listener);
  ~StdioLink() override;
  StdioLink(const StdioLink&) = delete;
  StdioLink& operator=(const StdioLink&) = delete;

  Ticket& send(std::uint64_t id, std::span<const std::string_view> json, Call& call,
               bool listening = false) override;
  void notify(std::span<const std::string_view> json) override;
  /// Ends the child: its input closes, then TERM, then KILL.
  void stop() override;
  bool running() const override { return running_; }
  void tick() override { requests_.tick(); }

 private:
  struct Pipe;
  StdioLink(io::Loop& loop, std::shared_ptr<const ServerSettings> settings, ChannelListener& listener);

  bool write_line(std::span<const std::string_view> json);
  void on_input_ready(bool to_end);
  void flush();
  void read_output(bool to_end);
  void read_errors(bool to_end);
  void read_more_output() { read_output(false); }
  void read_more_errors() { read_errors(false); }
  void close_output();
  void close_pipes();

  io::Loop& loop_;
  std::shared_ptr<const ServerSettings> settings_;
  std::string masked_;  ///< what the server said last, where a secret in it was masked
  ChannelListener& listener_;
  std::unique_ptr<io::Child> child_;
  std::unique_ptr<Pipe> input_;
  std::unique_ptr<Pipe> output_;
  std::unique_ptr<Pipe> errors_;
  io::Buffer out_;
  mcp::LineFramer lines_;
  mcp::LineFramer error_lines_;
  RequestTable requests_;
  bool running_ = true;
  /// A child that writes without end gives way to everything else on the loop after each stretch of its output.
  io::Timer more_output_{io::call<&StdioLink::read_more_output>, this};
  io::Timer more_errors_{io::call<&StdioLink::read_more_errors>, this};
  std::int64_t error_second_ = 0;
  unsigned error_count_ = 0;
};

}  // namespace doorward::upstream
