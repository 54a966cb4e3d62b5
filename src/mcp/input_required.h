#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"
#include "mcp/envelope.h"
#include "mcp/revision.h"

namespace doorward::mcp {

/// One input that an InputRequiredResult asks for (2026-07-28), as a legacy server would ask its client.
struct InputAsk {
  std::uint64_t id = 0;  ///< of the request
  Method method = Method::unknown;
  std::string key;       ///< in inputRequests, as a JSON string
  std::string request;   ///< the whole JSON-RPC request; empty: answered already, nobody is asked
  std::string response;  ///< the input response as JSON; empty: not answered yet
};

/// The inputs that a result asks for, none where it only wants to be asked again. Fails with a reason for a
/// person where a request is none of the protocol's, or asks for something that a client of `revision` (legacy)
/// cannot give:
/// - sampling before 2025-11-25 has one content block a message and no tools;
/// - a form before 2025-11-25 has no list fields (declined where one is required, else left out), no defaults
///   but of booleans, and titles of choices as `enumNames`;
/// - elicitation by URL before 2025-11-25 is declined; since then it gets an elicitationId made of its id;
/// - elicitation before 2025-06-18 is declined.
/// `next_id` gives the id of each request. `text`: what `result` was read from.
std::expected<std::vector<InputAsk>, std::string> read_input_requests(
    std::string_view text, json::Value result, Revision revision, const std::function<std::uint64_t()>& next_id);

/// A client's answer to a request as an input response, JSON. An elicitation that the client could not carry
/// out is declined; for other requests its error is the reason of the failure. `text`: what `answer` was read
/// from.
std::expected<std::string, std::string> read_input_response(std::string_view text, const Message& answer,
                                                            Method method);

/// `{"key":response,...}` of asks that are all answered.
std::string input_responses(const std::vector<InputAsk>& asks);

}  // namespace doorward::mcp
