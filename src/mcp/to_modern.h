#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"
#include "mcp/envelope.h"
#include "mcp/method.h"

namespace doorward::mcp {

// What a legacy server says, as a modern server would have said it, and what a modern client asks, as a
// legacy server understands it (docs/protocol.md, Across eras). Each function appends one JSON text to `out`.
// `text` is what the message or value was read from; `id` is a JSON text.

/// A legacy server as its answer to initialize introduced it.
struct Introduction {
  // JSON texts; empty: not given.
  std::string capabilities;
  std::string info;
  std::string instructions;
  // What its capabilities say that it sends.
  bool logs = false;
  bool tools_change = false;
  bool prompts_change = false;
  bool resources_change = false;
  bool resources_update = false;  ///< of those subscribed to
};

/// From the result of initialize; nothing where it lacks its capabilities.
std::optional<Introduction> read_introduction(std::string_view text, json::Value result);

/// The request without what only the modern era has: the self-description in `_meta`, `inputResponses`,
/// `requestState`. Its id and its progress token stay.
void append_legacy_request(std::string& out, std::string_view text, const Message& request);

/// The answer to `server/discover`.
void append_discover_result(std::string& out, std::string_view id, const Introduction& server);

/// A result of a legacy server: `resultType`, the server's name in `_meta`, and for lists and resources/read
/// the caching members, by which nothing may be kept; tools lose `execution`, whose tasks we do not offer.
/// `answer` is a result.
void append_modern_result(std::string& out, std::string_view text, const Message& answer, Method method,
                          std::string_view id, std::string_view server_info);

/// An error of a legacy server: codes that the modern era gave up become those that took their place.
void append_modern_error(std::string& out, std::string_view text, const Message& answer, std::string_view id);

/// A request of a server to its client that waits for the client's answer.
struct Question {
  std::string key;     ///< unique among the questions of one call
  std::string method;  ///< such as elicitation/create
  std::string params;  ///< JSON; empty: none
};

/// The params of a request of a legacy server as a modern input request has them: without `_meta`, `task` and
/// `elicitationId`. Empty where nothing is left.
std::string question_params(std::string_view text, json::Value params);

/// The questions behind a legacy error "URL elicitation required" (-32042, 2025-11-25); empty for any other
/// error, and where its data does not list proper ones.
std::vector<Question> url_questions(std::string_view text, json::Value error);

/// An InputRequiredResult. `state` empty: none.
void append_input_required(std::string& out, std::string_view id, const std::vector<Question>& questions,
                           std::string_view state);

/// One input response of a client, as the JSON-RPC response that the server waits for under `id`. `response`
/// is an object.
void append_client_result(std::string& out, std::string_view text, json::Value response, std::string_view id);

/// A notification tagged with the subscription that it belongs to. `params` may be nothing.
void append_tagged(std::string& out, Method method, std::string_view text, json::Value params,
                   std::string_view subscription);

/// How severe a log level is, 0 (debug) to 7 (emergency); nothing for any other text.
std::optional<unsigned> log_severity(std::string_view level);
std::string_view log_level(unsigned severity);

}  // namespace doorward::mcp
