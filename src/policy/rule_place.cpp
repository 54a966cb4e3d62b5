#include "policy/rule_place.h"

#include <algorithm>

#include "policy/program.h"

namespace doorward::policy {

RulePlace place_of(const Policy& policy, std::string_view pointer) {
  if (pointer.empty()) return {};
  const auto& rules = policy.program().rules;
  const auto found = std::ranges::find(rules, pointer, &Rule::pointer);
  if (found == rules.end()) return {};
  return {json::position_of(policy.text(), found->begin).line, found->note};
}

}  // namespace doorward::policy
