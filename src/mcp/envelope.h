#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "json/reader.h"
#include "json/value.h"
#include "mcp/method.h"
#include "mcp/revision.h"

namespace doorward::mcp {

/// JSON-RPC error codes in use (protocol.md section 1).
enum class ErrorCode : int {
  parse_error = -32700,
  invalid_request = -32600,
  method_not_found = -32601,
  invalid_params = -32602,
  internal_error = -32603,
  header_mismatch = -32020,
  missing_client_capability = -32021,
  unsupported_version = -32022,
  /// Of the legacy revisions; since 2026-07-28 it is invalid_params.
  resource_not_found = -32002,
  /// Ours: refused by policy where the method has no result that could say so. Outside the range that JSON-RPC
  /// and the protocol reserve.
  refused_by_policy = -31403,
};

/// Why a message is not taken, ready for denial.h's append_error. In HTTP all of them are status 400, except
/// method_not_found: 404 in the modern era and 200 in the legacy one.
struct Refusal {
  ErrorCode code;
  std::string message;    ///< for the sender; one sentence
  json::Value id = {};    ///< of the refused request, where it has a proper one; else nothing (answer null)
  std::string data = {};  ///< JSON of the error's `data`; empty: none
  bool batch = false;     ///< the text is an array (T031)
  bool notification = false;  ///< a well-formed notification: nobody waits for an answer
};

enum class Kind : std::uint8_t { request, notification, result, error };

/// One JSON-RPC message. Everything refers to the text and the Reader that it came from.
struct Message {
  Kind kind;
  Method method = Method::unknown;  ///< of a request or notification
  std::string_view method_name;     ///< as sent, unescaped
  json::Value id;              ///< request, result, error: a string or an integer's spelling. An error from
                               ///< a server that could not read its request may have none
  json::Value params;          ///< an object, or nothing
  json::Value meta;            ///< `_meta` of the params or of the result: an object, or nothing
  json::Value progress_token;  ///< in `_meta` of a request: a string or an integer, or nothing
  json::Value result;          ///< an object
  json::Value error;           ///< an object with an integer `code` and a string `message`

  bool is_request(Method wanted) const { return kind == Kind::request && method == wanted; }
};

/// The envelope of one message that `sender` sent, as a closed world (attack cases T008, T009, T030 to T042):
/// exactly the members that its kind has, `jsonrpc` "2.0", an id that is a string of 1 to 256 bytes without
/// control characters or an integer spelled without point and exponent, `params` an object. A message of a
/// method that does not exist passes here and fails in check_method.
std::expected<Message, Refusal> read_message(json::Value root, Sender sender);

/// The refusal of a text that is not JSON as we take it: parse_error, but invalid_request for a duplicate
/// member (T001).
Refusal refuse_text(const json::ReadError& error);

/// Whether the method exists in the revision for this sender and kind (T032, T041, T042), and whether
/// `params` holds only members that the method has, of their types, with those that it needs (T046). `_meta`
/// may hold anything here. A tool's name must be 1 to 128 bytes without control characters (T011); see
/// tool_name.h for the grammar that it must meet to exist.
std::optional<Refusal> check_method(const Message& message, Revision revision, Sender sender);

}  // namespace doorward::mcp
