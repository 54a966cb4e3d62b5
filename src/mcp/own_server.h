#pragma once

#include <string>
#include <string_view>

#include "json/writer.h"
#include "mcp/envelope.h"

namespace doorward::mcp {

/// What a server inside this program says of itself. All members are JSON but `instructions`.
struct OwnServer {
  std::string_view info;          ///< of the implementation: name, title, version
  std::string_view capabilities;  ///< an object
  std::string_view instructions;  ///< text
  std::string tools;              ///< an array of definitions, on one line
};

/// Whether a request describes itself, as those of 2026-07-28 do, and is answered in that era's form.
bool describes_itself(const Message& request);

/// The result of a method that all such servers answer alike: `initialize`, `ping`, `server/discover`, `tools/list`. False,
/// and nothing written, for any other, and for one that the request's era does not have. Writes members of an object;
/// begin_result and end_result write those around them.
bool write_common_result(json::Writer& out, const OwnServer& server, const Message& request);

void begin_result(json::Writer& out, bool modern);
/// `cached`: clients may keep the result for a minute.
void end_result(json::Writer& out, bool modern, std::string_view info, bool cached);

/// A whole answer. `id` is taken from the request's `text`; a request that could not be read has none.
std::string result_answer(json::Value id, std::string_view text, std::string_view result);
std::string error_answer(json::Value id, std::string_view text, ErrorCode code, std::string_view message);

/// JSON that stands on several lines in the source, on one line.
std::string one_line(std::string_view json);

}  // namespace doorward::mcp
