#pragma once

#include <string>
#include <string_view>

#include "json/value.h"
#include "mcp/method.h"
#include "mcp/revision.h"
#include "upstream/settings.h"

namespace doorward::gateway {

// What each side is told of the other: nothing that the gateway would not carry or could not police. Both append
// a JSON object; what is kept keeps its bytes. Of extensions only mcp::kTasksExtension is known.

/// The kinds of questions that servers ask clients.
struct Questions {
  bool sampling = false;
  bool elicitation = false;
  bool roots = false;

  /// What a server may ask by its setting `client_requests`.
  static Questions allowed(const upstream::ProtocolSettings& settings);
  /// Those of them that a client with these capabilities can answer.
  Questions answered_by(json::Value capabilities) const;
  /// Whether a request of this method is one of them.
  bool include(mcp::Method method) const;
  bool any() const { return sampling || elicitation || roots; }
};

/// A client's capabilities as the server may know them: what it may ask.
void append_client_capabilities(std::string& out, std::string_view text, json::Value capabilities,
                                const Questions& allowed);

/// A server's capabilities as the client may know them. Tasks are a capability of their own in the legacy era and
/// an extension in the modern one. `own_tasks`: the gateway may answer a call with a task of its own.
void append_server_capabilities(std::string& out, std::string_view text, json::Value capabilities, mcp::Era era,
                                bool own_tasks);

}  // namespace doorward::gateway
