#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/category.h"
#include "base/severity.h"
#include "risk/classification.h"
#include "risk/signal.h"
#include "risk/signal_rules.h"
#include "risk/tool_reading.h"

namespace doorward::risk {

/// What a signal makes of a tool of some categories: at least this severity. The category alone gives the
/// least (base/severity.h); a signal never lowers it.
struct SeverityRule {
  std::string_view id;  ///< `severity.returns-secrets`; never used for another rule
  Signal signal;
  std::string_view
      raised_by;  ///< the signal's rules of which this speaks, by the beginning of their ids; empty: all
  Categories categories;
  Severity at_least;
  std::string_view why;  ///< a clause for people: `it returns credentials`
};

/// All of them, the worst first.
std::span<const SeverityRule> severity_rules();
/// Null where no rule has the id.
const SeverityRule* find_severity_rule(std::string_view id);

/// Our own severity of a tool, from its category and its signals. Appends a piece of evidence for every rule
/// that asks for more than the category alone, the worst first. Deterministic. Any thread.
Severity judge_severity(const ToolReading& tool, Category category, std::span<const SignalHit> signals,
                        std::vector<Evidence>& evidence);

}  // namespace doorward::risk
