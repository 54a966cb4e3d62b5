#pragma once

#include <string>
#include <string_view>

#include "json/value.h"
#include "mcp/revision.h"
#include "upstream/settings.h"

namespace doorward::gateway {

// What each side is told of the other: nothing that the gateway would not carry or could not police. Both append
// a JSON object; what is kept keeps its bytes. Of extensions only io.modelcontextprotocol/tasks is known.

/// A client's capabilities as the server may know them: what it may ask by its setting `client_requests`.
void append_client_capabilities(std::string& out, std::string_view text, json::Value capabilities,
                                const upstream::ProtocolSettings& allowed);

/// A server's capabilities as the client may know them. Tasks are a capability of their own in the legacy era and
/// an extension in the modern one.
void append_server_capabilities(std::string& out, std::string_view text, json::Value capabilities,
                                mcp::Era era);

}  // namespace doorward::gateway
