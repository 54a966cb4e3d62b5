#pragma once

#include <string>
#include <string_view>

#include "json/value.h"
#include "mcp/envelope.h"
#include "mcp/revision.h"

namespace doorward::mcp {

/// How a client introduced itself once, at initialize, as every modern request repeats it. All JSON.
struct ClientSelf {
  std::string info;                 ///< clientInfo; empty: left out
  std::string capabilities = "{}";  ///< modern, see append_modern_capabilities
  std::string log_level;            ///< a JSON string; empty: the client wants no log
};

/// What the client gives on asking again after an InputRequiredResult. Both JSON.
struct InputRound {
  std::string responses;  ///< inputResponses; empty: left out
  std::string state;      ///< requestState, byte for byte as the server gave it; empty: it gave none
};

/// Appends the modern request that says what a legacy one says: its params without `task` and with a `_meta`
/// made of the client's own members and the self-description of 2026-07-28. `id`: JSON, also the progress
/// token where the request has one. `text`: what `request` was read from.
void append_modern_request(std::string& out, std::string_view text, const Message& request,
                           std::string_view id, const ClientSelf& self, const InputRound& round = {});

/// Appends a modern request of our own on behalf of the client. `params`: the members of its params beside
/// `_meta`, as JSON with commas; may be empty.
void append_modern_request(std::string& out, Method method, std::string_view params, std::string_view id,
                           const ClientSelf& self);

/// Appends what a client of `revision` declared at initialize as the capabilities of 2026-07-28: without
/// tasks, extensions and roots.listChanged; before 2025-11-25 sampling and elicitation had no parts, and
/// before 2025-06-18 there was no elicitation. `capabilities` may be nothing.
void append_modern_capabilities(std::string& out, std::string_view text, json::Value capabilities,
                                Revision revision);

}  // namespace doorward::mcp
