#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "catalogue/coverage.h"

namespace doorward::catalogue {

/// What an agent meets that calls a tool, in the words of all pages: `allowed`, `denied`, `hidden`, `rate_limited`,
/// `needs_approval`, or `depends` where that is so for some arguments only.
std::string_view decision_word(const ToolReach& reach);
/// Of a policy that only observes: the same if it enforced.
std::string_view would_word(const ToolReach& reach);

struct PermissionOptions {
  std::string tool;                   ///< this one alone; empty: all
  std::size_t decisions = 3'000'000;  ///< that the engine is asked for at most
};

/// What one grant can do, `doorward.grant.can/1`: for each tool of its servers the decision and the rule that says so.
/// `deployment` has that grant alone. Takes as long as the engine's decisions do.
std::string grant_permissions(const Deployment& deployment, const PermissionOptions& options = {});

/// The tools of one server and what each agent can do with them, `doorward.server.can/1`. Agents that are judged alike
/// share a column. `deployment` has that server alone.
std::string server_permissions(const Deployment& deployment, const PermissionOptions& options = {});

}  // namespace doorward::catalogue
