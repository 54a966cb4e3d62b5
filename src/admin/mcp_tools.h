#pragma once

#include <span>
#include <string>
#include <string_view>

#include "identity/role.h"
#include "json/value.h"
#include "json/writer.h"

namespace doorward::admin {

/// One tool of the admin MCP server: an operation of the control plane, as an agent may call it.
struct McpTool {
  std::string_view name;
  std::string_view definition;  ///< JSON, as tools/list shows it
  /// The operation of a call with these arguments (an object), which differs where a call only looks.
  std::string_view (*operation)(json::Value arguments);
  /// Writes the operation's members. A text is what is wrong with the arguments; empty: nothing.
  std::string (*members)(json::Writer& request, json::Value arguments);
  /// Writes `data` from the operation's result.
  void (*data)(json::Writer& out, json::Value arguments, json::Value result);
  identity::Roles roles;  ///< with which the operation is asked for
};

std::span<const McpTool> mcp_tools();
const McpTool* find_mcp_tool(std::string_view name);

/// The policy that ships with the server: it shows what looks, asks a person for a new key, and hides what destroys.
std::string_view mcp_policy();

}  // namespace doorward::admin
