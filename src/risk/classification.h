#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/category.h"
#include "base/severity.h"
#include "json/writer.h"
#include "risk/evidence.h"
#include "risk/signal.h"
#include "risk/tool_facts.h"

namespace doorward::risk {

/// What a tool is and why.
struct Classification {
  Category category = Category::other;
  Severity severity = Severity::low;  ///< our own; never milder than a signal makes it
  int confidence = 0;                 ///< percent; 100 only where a person said so; in JSON 0 to 1
  std::vector<SignalHit> signals;     ///< in the order of the enumeration, each once
  std::vector<Evidence> evidence;     ///< what decided first; what lost against it stays, for people to see

  bool has(Signal signal) const;
};

/// The version of the rules: another one where the same tool may be classified otherwise.
std::uint32_t rules_version();

/// Classifies a tool: deterministic, offline, the riskier label where evidence conflicts. Any thread.
Classification classify(const ToolFacts& tool);

/// A percentage as the number from 0 to 1 that JSON has for it: `0.07`, `1`.
std::string fraction(int percent);

/// Appends the members `category`, `severity`, `confidence`, `signals` and `evidence` to an object.
void write_classification(json::Writer& writer, const Classification& classification);

}  // namespace doorward::risk
