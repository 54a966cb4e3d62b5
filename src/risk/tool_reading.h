#pragma once

#include <vector>

#include "risk/parameter.h"
#include "risk/tool_facts.h"
#include "risk/words.h"

namespace doorward::risk {

/// The words of one parameter.
struct ParameterWords {
  Words name;
  Words description;  ///< of its first kParameterProse bytes
};

inline constexpr std::size_t kParameterProse = 400;

/// A tool read once for every rule: its words and its parameters. Refers to the texts and values of the facts.
struct ToolReading {
  explicit ToolReading(const ToolFacts& tool);

  ToolFacts facts;
  Words name;
  Words description;
  Parameters parameters;
  std::vector<ParameterWords> parameter_words;  ///< one for each of parameters.list
};

}  // namespace doorward::risk
