#include "identity/role_map.h"

#include <algorithm>

namespace doorward::identity {

void RoleMap::apply(const std::vector<std::string>& groups, Actor& actor) const {
  const auto is_in = [&](const std::string& group) { return std::ranges::find(groups, group) != groups.end(); };
  for (const auto& [group, role] : roles) {
    if (is_in(group)) actor.roles.add(role);
  }
  for (const auto& [group, ours] : approver_groups) {
    if (is_in(group) && std::ranges::find(actor.groups, ours) == actor.groups.end()) actor.groups.push_back(ours);
  }
}

}  // namespace doorward::identity
