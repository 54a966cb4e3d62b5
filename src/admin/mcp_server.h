#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "identity/role.h"
#include "io/loop.h"
#include "mcp/envelope.h"
#include "mcp/own_server.h"
#include "upstream/builtin.h"

namespace doorward::admin {

/// The gateway's control plane as an MCP server (docs/admin-mcp.md), reached through the gateway like any other and so
/// behind a policy of its own. Each tool is one operation of the control protocol, asked for in the name of the grant
/// whose agent calls it. Deciding approvals, and making keys to this server itself, is no tool's business.
class McpServer final : public upstream::Builtin {
 public:
  /// Answers one request line of the control protocol by calling `done`, on the control loop, at once or later.
  using Done = std::move_only_function<void(std::string answer)>;
  using Serve = std::function<void(std::string line, const identity::Actor& actor, Done done)>;

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
