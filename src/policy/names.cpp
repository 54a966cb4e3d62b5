#include "policy/names.h"

#include <set>

#include "policy/glob.h"
#include "policy/program.h"

namespace doorward::policy {

std::vector<std::string> named_tools(const Policy& policy) {
  const Policy::Program& program = policy.program();
  std::set<std::string> names;
  for (const auto& [name, block] : program.exact) names.insert(name);
  for (const HideList::Item& item : program.hide.items()) {
    if (!is_glob(item.name)) names.insert(item.name);
  }
  return {names.begin(), names.end()};
}

}  // namespace doorward::policy
