#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "identity/grant_table.h"
#include "policy/policy.h"
#include "upstream/settings.h"

namespace doorward::gateway {

/// One grant with all that a call under it needs, resolved: no lookup by name happens on the path.
struct GrantEntry {
  std::shared_ptr<identity::Grant> grant;
  std::size_t server;                            ///< index into World::servers
  std::shared_ptr<const policy::Policy> policy;  ///< null: the grant has no policy and every call is denied
};

/// What the gateway judges by, at one moment: immutable, shared by all workers, swapped whole. A call is
/// judged by the world it began under.
struct World {
  std::uint64_t generation = 0;  ///< grows with every swap
  std::vector<std::shared_ptr<const upstream::ServerSettings>> servers;
  std::vector<GrantEntry> grants;
};

}  // namespace doorward::gateway
