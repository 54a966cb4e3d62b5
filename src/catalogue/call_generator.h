#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/applied.h"
#include "risk/signal.h"
#include "risk/tool_facts.h"

namespace doorward::catalogue {

/// What a generated call tries.
enum class Trial : std::uint8_t {
  plain,      ///< what an ordinary call looks like: required members, all members, each value of an enumeration
  edge,       ///< numbers and texts at the bounds of the schema, and values at the edge of a policy's condition
  traversal,  ///< a path that leaves its directory
  address,    ///< a URL of a private host or of one that nobody named
  injection,  ///< text that a shell or a database would read as a command
};
/// `plain`, `edge`, ...
std::string_view to_string(Trial trial);

/// A call of a tool that nobody made.
struct GeneratedCall {
  std::string args;  ///< a JSON object
  Trial trial = Trial::plain;
  std::string what;  ///< for people: `only what must be given`, `path = "../../etc/passwd"`
};

struct GenerateOptions {
  std::size_t most = 64;  ///< calls; at least 1
  /// By which the parameters that take URLs, paths and code are known, beside their names and formats.
  std::span<const risk::SignalHit> signals = {};
  /// Conditions of a policy: each brings values on both sides of its edge, and all together one call that they let
  /// pass, where one is found.
  std::span<const policy::Applied::Asked> conditions = {};
  /// Paths that a policy adds up.
  std::span<const policy::Path* const> amounts = {};
  /// Arguments that no call may bring, since the gateway fills them.
  std::span<const std::string> without = {};
};

/// Calls of a tool, generated from the schema of its arguments and from what its description says of them: the plain ones first, then those at the edges of the
/// conditions, then the hostile ones, then the bounds. Deterministic, bounded by `most` and in depth, whatever the
/// schema holds. A schema of nothing gives `{}`. The calls fit the schema as far as it is understood (`type`, `enum`,
/// `const`, `default`, `properties`, `required`, `items`, local `$ref`, the first of `anyOf` and `oneOf`, all of
/// `allOf`, bounds, `format`), those of an edge or a trial not always: no agent is bound by a schema.
std::vector<GeneratedCall> generate_calls(const risk::ToolFacts& tool, const GenerateOptions& options = {});

}  // namespace doorward::catalogue
