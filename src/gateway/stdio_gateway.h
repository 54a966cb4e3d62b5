#pragma once

#include <atomic>
#include <memory>

#include "base/result.h"
#include "gateway/gateway.h"
#include "gateway/tool_reports.h"
#include "gateway/world.h"

namespace doorward::gateway {

/// The gateway of one client that speaks over standard input and output (`doorward run`): the same path of a
/// call, without a listener. The world holds one server and one grant, which is the client's.
class StdioGateway {
 public:
  /// As Gateway::create; `options.role` should not be that of a listening gateway.
  static Result<std::unique_ptr<StdioGateway>> create(Options options, std::shared_ptr<const World> world);
  ~StdioGateway();
  StdioGateway(const StdioGateway&) = delete;
  StdioGateway& operator=(const StdioGateway&) = delete;

  /// What the worker tells of the tools of the server; set its listener before run().
  ToolReports& tool_reports();
  /// Carries messages, one a line, until `input` ends or a read is interrupted while `stop` is set; then
  /// waits for the calls under way, at most `grace`, and closes the log. Blocks. Both descriptors may be of
  /// any kind.
  Status run(int input, int output, const std::atomic<bool>& stop, std::chrono::milliseconds grace);

 private:
  StdioGateway() = default;
  std::unique_ptr<Shared> shared_;
};

}  // namespace doorward::gateway
