#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mcp/envelope.h"
#include "mcp/revision.h"

namespace doorward::mcp {

/// The machine's part of a refused tool call, `_meta["io.doorward/decision"]` (policy.md section 7).
struct DecisionMeta {
  std::string_view id = {};        ///< such as dec_4m1x...
  std::string_view code = {};      ///< such as argument_denied, upstream_error
  std::string_view rule = {};      ///< left out where empty
  std::string_view retry = {};     ///< left out where empty
  std::int64_t retry_after_s = 0;  ///< left out where 0
};

/// Appends the whole JSON-RPC response of a tool call that was refused or that failed: a result with
/// `isError` and one text block, and `resultType` in the modern era. `id` is the JSON text of the request's
/// id.
void append_denial(std::string& out, std::string_view id, Era era, std::string_view text,
                   const DecisionMeta& meta);

/// Appends a JSON-RPC error response. `id` empty: null. `data` is JSON, left out where empty.
void append_error(std::string& out, std::string_view id, ErrorCode code, std::string_view message,
                  std::string_view data = {});

/// Appends the answer for a refusal; `text` is the message it came from, which holds the id.
void append_refusal(std::string& out, const Refusal& refusal, std::string_view text);

/// Appends the answer to a call of a tool that is hidden or does not exist, the same for both:
/// `Unknown tool: NAME`, -32602.
void append_unknown_tool(std::string& out, std::string_view id, std::string_view name);

/// Appends a response with a result that is JSON already.
void append_result(std::string& out, std::string_view id, std::string_view result);

}  // namespace doorward::mcp
