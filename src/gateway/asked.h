#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "mcp/envelope.h"

namespace doorward::gateway {

class Exchange;
class Worker;
struct Session;

/// A request of a server, or of the gateway itself, that the client of a legacy session has not answered yet.
struct Asked {
  std::uint64_t number = 0;  ///< its id and progress token toward the client, ours
  std::string server_id;     ///< its id at the server, as JSON; empty: the gateway asks
  std::string server_token;  ///< its progress token at the server, as JSON; empty: none
  Exchange* exchange;        ///< in whose answer the server asked
};

/// Questions of one session that may be open at once.
constexpr std::size_t kMostAsked = 32;

/// Gives a client's response to the server that asked. False where nothing was asked under that id in this
/// session (attack case T040). `message` is a result or an error, read from `text`.
bool pass_response(Worker& worker, const std::shared_ptr<Session>& session, std::string_view text,
                   const mcp::Message& message);

/// Gives a client's progress notification to the server that asked; dropped where nothing was asked.
void pass_progress(Worker& worker, const std::shared_ptr<Session>& session, std::string_view text,
                   const mcp::Message& message);

}  // namespace doorward::gateway
