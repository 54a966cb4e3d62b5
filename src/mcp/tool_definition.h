#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "json/canonical.h"
#include "json/value.h"

namespace doorward::mcp {

inline constexpr std::size_t kMostTools = 10'000;                ///< of one server; further ones are withheld
inline constexpr std::size_t kLargestDefinition = 256u << 10;    ///< bytes of one tool as its server spells it

/// Appends the canonical form (json/canonical.h) of a tool's whole definition: name, title, description, schemas,
/// annotations, icons, `_meta` and what else the server says. One member is left out: an `execution` that holds
/// nothing but one of the words of `taskSupport`, since 2025-11-25 has it and other revisions do not, and a server
/// of several revisions would seem to change with each client.
void append_definition(json::Value tool, json::Canonical& canonical, std::string& out);

/// Why a tool must be withheld whatever a person thinks of it, or nothing: its definition is too large (T146), its
/// inputSchema is missing, no object, of another type than `object`, or written in a dialect of JSON Schema that no
/// revision knows (T154). A schema is never followed or evaluated, so that neither a `$ref` nor a pattern costs
/// anything (T153).
std::optional<std::string> flaw_of_definition(json::Value tool);

}  // namespace doorward::mcp
