#pragma once

#include <string>

#include "json/value.h"

namespace doorward::cli {

/// How a terminal is written to.
struct Look {
  bool color = false;
  bool unicode = false;  ///< else plain ASCII
};

/// An explanation (the object of policy/explain.h, as JSON) for a terminal: what happened and to whom, why in one
/// sentence, the steps with the one that decided, what would change it, what the agent was told. Lines, each ended by
/// LF; whatever came from outside is escaped.
std::string explanation_text(json::Value explanation, Look look);

}  // namespace doorward::cli
