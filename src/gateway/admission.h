#pragma once

#include <optional>

#include "mcp/envelope.h"

namespace doorward::gateway {

/// What a client may send at all: the methods of the revision, less those that the gateway does not carry.
/// Tasks are not: nobody could say whose they are, so their capability is not announced either (attack case
/// T196).
inline std::optional<mcp::Refusal> check_admission(const mcp::Message& message, mcp::Revision revision) {
  std::optional<mcp::Refusal> refusal = mcp::check_method(message, revision, mcp::Sender::client);
  if (!refusal && mcp::is_task_method(message.method)) {
    refusal = mcp::Refusal{.code = mcp::ErrorCode::method_not_found, .message = "Method not found"};
    refusal->id = message.id;
    refusal->notification = message.kind == mcp::Kind::notification;
  }
  return refusal;
}

}  // namespace doorward::gateway
