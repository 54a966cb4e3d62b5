#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/exchange.h"
#include "gateway/front.h"
#include "gateway/worker.h"
#include "mcp/line_framer.h"

namespace doorward::gateway {

/// The one client of a StdioGateway: reads its lines, gives each message to an exchange, writes the answers.
/// Worker's thread.
class StdioClient {
 public:
  StdioClient(Worker& worker, int output);
  ~StdioClient();

  /// Bytes of the client, in order.
  void take(std::string_view bytes);
  /// Whether every message has its answer.
  bool idle() const { return running_ == 0; }
  /// Gives up what is under way.
  void end();

 private:
  class Reply;
  friend class Reply;

  void take_line(std::string_view line);
  void refuse(const mcp::Refusal& refusal, std::string_view line);
  void write(Front::Pieces json);
  void opened(std::string_view session);
  Reply& take_reply();

  Worker& worker_;
  int output_;
  bool broken_ = false;
  mcp::LineFramer lines_;
  Caller caller_;
  std::size_t running_ = 0;
  std::vector<std::unique_ptr<Reply>> replies_;
  std::vector<Reply*> spare_;
  std::unique_ptr<Reply> listener_;
  std::string line_;
};

}  // namespace doorward::gateway
