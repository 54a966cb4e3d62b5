#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/category.h"
#include "risk/signal.h"
#include "risk/signal_rules.h"
#include "risk/tool_reading.h"

namespace doorward::risk {

/// Rules that no phrase can say: a count, two parameters together, a word that only its company explains.
struct OtherRule {
  std::string_view id;
  Signal signal;
};
std::span<const OtherRule> other_signal_rules();

/// The signals of a tool of this category, in the order of the enumeration, each once, with the parameter or
/// the words that raised it and the rule that saw them. Deterministic, linear in the definition. Any thread.
std::vector<SignalHit> find_signals(const ToolReading& tool, Category category);

}  // namespace doorward::risk
