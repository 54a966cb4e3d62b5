#pragma once

#include <string>
#include <string_view>

#include "gateway/duplex_client.h"
#include "mcp/line_framer.h"

namespace doorward::gateway {

/// The one client of a StdioGateway: its lines are messages, and so are those written to it. Worker's thread.
class StdioClient final : public DuplexClient::Output {
 public:
  StdioClient(Worker& worker, int output);

  /// Bytes of the client, in order.
  void take(std::string_view bytes);
  /// Whether every message has its answer.
  bool idle() const { return messages_.idle(); }
  /// Gives up what is under way.
  void end() { messages_.end("client_gone"); }

  void write(Front::Pieces json) override;
  void refuse(std::string_view error) override;

 private:
  int output_;
  bool broken_ = false;
  mcp::LineFramer lines_;
  Caller caller_;
  DuplexClient messages_;
  std::string line_;
};

}  // namespace doorward::gateway
