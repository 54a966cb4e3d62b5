#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/severity.h"
#include "catalogue/catalogue.h"
#include "json/value.h"

namespace doorward::catalogue {

/// What became of a tool between two of its definitions, by what it means to who trusted the earlier one.
enum class DriftKind : std::uint8_t {
  added,       ///< a tool that was not there
  removed,     ///< a tool that is there no more
  riskier,     ///< another category or severity, or a signal more
  poisoning,   ///< a sign of poisoning that was not there
  widened,     ///< the input takes more: a parameter, a value, a type, no pattern any more
  annotation,  ///< what the server says of the tool's behaviour
  text,        ///< a title or description
  changed,     ///< the input or output is another one, neither wider nor narrower by itself
  narrowed,    ///< the input takes less
  milder,      ///< classified as less risky
};
std::string_view to_string(DriftKind kind);

struct Drift {
  DriftKind kind = DriftKind::changed;
  Severity severity = Severity::low;
  std::string tool;
  std::string where;  ///< JSON Pointer into the definition; empty: the tool as a whole
  std::string says;   ///< one clause; may hold words of the server
};

/// What differs between two definitions of a tool, worst first; nothing for `before` is a new tool, nothing for `after`
/// one that is gone. Built on mcp::diff_definitions, the classification and the signs of poisoning. Pure.
std::vector<Drift> drift_of(std::string_view server, std::string_view tool, json::Value before, json::Value after);

/// The same of every tool of a server, as far as the catalogue tells: each definition against the one before it, tools
/// that came after its first list, tools that its latest whole list does not hold. Worst first.
Result<std::vector<Drift>> drift_in(Catalogue& catalogue, const ServerRecord& server);

}  // namespace doorward::catalogue
