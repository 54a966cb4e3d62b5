#pragma once

#include <cstddef>
#include <string_view>

#include "policy/policy.h"

namespace doorward::policy {

/// Where a rule stands in its document, for people.
struct RulePlace {
  std::size_t line = 0;   ///< from 1; 0: no rule of the document has that pointer
  std::string_view note;  ///< what its author says; lives as long as the policy
};

/// `pointer`: that of a rule of this document, as decisions and the log have it. Slow path.
RulePlace place_of(const Policy& policy, std::string_view pointer);

}  // namespace doorward::policy
