#include "catalogue/stack_policy.h"

#include <cstdint>

#include "policy/policy.h"

namespace doorward::catalogue {
namespace {

constexpr std::size_t kMostDecisions = 1'000'000;

}  // namespace

std::size_t StackPolicies::count(Reach reach) const {
  std::size_t count = 0;
  for (const auto& of_severity : after) count += of_severity[static_cast<std::size_t>(reach)];
  return count;
}

StackPolicies recommend_stack(std::span<const StackServer> servers, Posture posture) {
  StackPolicies result;
  ReachJudge judge(kMostDecisions);
  std::vector<ToolAt> usable;
  for (std::uint32_t s = 0; s < servers.size(); ++s) {
    const StackServer& server = servers[s];
    result.servers.push_back(recommend(server.tools, posture));
    const auto loaded = policy::load(result.servers.back().policy);
    for (std::uint32_t t = 0; t < server.tools.size(); ++t) {
      const ToolRecord& tool = server.tools[t];
      if (tool.gone) continue;
      const LiveTool live{tool, tool.classification.category, std::nullopt, {}, {}};
      const Reach reach = judge.judge(loaded ? loaded->policy.get() : nullptr, server.name, live, {}).reach;
      ++result.after[static_cast<std::size_t>(tool.classification.severity)][static_cast<std::size_t>(reach)];
      if (is_usable(reach)) usable.push_back({s, t});
    }
  }
  result.left = trifecta_of(servers, usable);
  return result;
}

}  // namespace doorward::catalogue
