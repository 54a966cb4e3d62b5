#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "catalogue/reach.h"
#include "catalogue/recommendation.h"
#include "catalogue/stack.h"

namespace doorward::catalogue {

/// What the recommended policies of a stack close: before them every tool is open.
struct StackPolicies {
  std::vector<ServerPolicy> servers;  ///< in the order given
  /// Tools by severity and by what the engine answers under their server's policy.
  std::array<std::array<std::size_t, kReaches.size()>, kSeverities.size()> after{};
  Trifecta left;  ///< of the tools that can be used without a person still

  std::size_t count(Reach reach) const;
};

/// Pure. Asks the engine of every tool: a few milliseconds for each whose arguments a rule looks at.
StackPolicies recommend_stack(std::span<const StackServer> servers, Posture posture);

}  // namespace doorward::catalogue
