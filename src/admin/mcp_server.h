#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "admin/failure.h"
#include "io/loop.h"
#include "mcp/envelope.h"
#include "mcp/own_server.h"
#include "upstream/builtin.h"

namespace doorward::admin {

/// The gateway's control plane as an MCP server (docs/admin-mcp.md), reached through the gateway like any other and so
/// behind a policy of its own. Each tool is one operation, asked for in the name of the grant
/// whose agent calls it. Deciding approvals, and making keys to this server itself, is no tool's business.
class McpServer final : public upstream::Builtin {
 public:
  using Done = std::move_only_function<void(std::string answer)>;

  /// `control` is the loop of the thread on which `serve` is called; it outlives every worker's loop.
  McpServer(io::Loop& control, Serve serve);

  void ask(std::string json, std::string grant, io::Loop& loop, Done answer) override;

 private:
  void answer(const std::string& json, const std::string& grant, Done done);
  void call_tool(const std::string& json, const mcp::Message& request, const std::string& grant, Done done);

  io::Loop& control_;
  Serve serve_;
  mcp::OwnServer self_;
};

}  // namespace doorward::admin
