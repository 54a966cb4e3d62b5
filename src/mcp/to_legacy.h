#pragma once

#include <string>
#include <string_view>

#include "json/value.h"
#include "mcp/envelope.h"
#include "mcp/revision.h"

namespace doorward::mcp {

/// What a modern server says, as a client of a legacy revision may see it (protocol.md section 3, L->M, and
/// the table of section 1). Everything else of a message stays byte for byte. `text` is what the values were
/// read from; `revision` is legacy.

/// Appends a complete result of `method` as a JSON object:
/// - without resultType, ttlMs, cacheScope and the protocol's own members of `_meta`;
/// - without what the revision lacks: icons and tools' execution, titles, `_meta` below the result, output
///   schemas, structured content, tools' annotations;
/// - an output schema or a structured content that is no object is left out in every legacy revision; a
///   structured content that is the whole answer becomes a text block;
/// - a content block of a type that the revision lacks becomes a text block that says what it was.
void append_legacy_result(std::string& out, std::string_view text, json::Value result, Method method,
                          Revision revision);

/// Appends an error as a JSON object. The codes that only 2026-07-28 knows become internal_error or
/// invalid_params, without their data; invalid_params of resources/read becomes the legacy -32002.
void append_legacy_error(std::string& out, std::string_view text, json::Value error, Method method);

/// Appends a whole notification. `progress_token`: the JSON that takes the place of a progress token.
void append_legacy_notification(std::string& out, std::string_view text, const Message& message,
                                Revision revision, std::string_view progress_token);

/// The revision that an initialize request and a modern server agree on: the client's if it is legacy and we
/// speak it, else the newest legacy one.
Revision negotiate_legacy(json::Value initialize_params);

/// Appends the result of initialize that says what a DiscoverResult says. `fallback_name`: the server's name
/// where it does not introduce itself.
void append_initialize_result(std::string& out, std::string_view text, json::Value discover_result,
                              Revision revision, std::string_view fallback_name);

}  // namespace doorward::mcp
