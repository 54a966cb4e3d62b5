#pragma once

#include <string>
#include <utility>
#include <vector>

#include "identity/role.h"

namespace doorward::identity {

/// What the groups of an issuer's people mean here. Compared byte by byte (reliability.md 5.5).
struct RoleMap {
  std::vector<std::pair<std::string, Role>> roles;                    ///< the issuer's group, and the role that it gives
  std::vector<std::pair<std::string, std::string>> approver_groups;  ///< the issuer's group, and ours

  /// Gives `actor` the roles and groups of somebody who is in `groups` there; in none of ours: neither.
  void apply(const std::vector<std::string>& groups, Actor& actor) const;

  bool operator==(const RoleMap&) const = default;
};

}  // namespace doorward::identity
