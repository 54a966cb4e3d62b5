#include "catalogue/coverage_fix.h"

#include <algorithm>
#include <map>
#include <utility>

#include "catalogue/recommendation.h"
#include "catalogue/stack.h"

namespace doorward::catalogue {
namespace {

constexpr std::string_view kTrifecta = "lethal-trifecta";

const LiveTool& tool_of(const Deployment& deployment, const Coverage& coverage, const PatternState::Tool& one) {
  return deployment.servers[coverage.accesses[one.access].server].tools[one.tool];
}

/// As what a rule for the tool is asked for. The trifecta is cut at the way out, where a person is to look whatever the
/// tool's severity.
risk::Classification wanted(std::string_view pattern, const LiveTool& tool) {
  risk::Classification is = tool.record.classification;
  if (pattern == kTrifecta) {
    is.category = Category::financial;
    is.severity = Severity::critical;
  }
  return is;
}

bool is_asked_for(std::string_view pattern, const LiveTool& tool, Reach reach) {
  if (pattern != kTrifecta) return is_open_to_pattern(reach);
  return (legs_of(tool.record.classification) & bit(Leg::way_out)) != 0;
}

}  // namespace

Reach reach_for(std::string_view pattern, const ToolReach& reach) {
  if (!reach.decided) return Reach::open;
  const auto trial = [&](Trial which) { return reach.trials[static_cast<std::size_t>(which)]; };
  std::optional<Reach> hostile;
  if (pattern == "ssrf-open-world") hostile = trial(Trial::address);
  if (pattern == "command-injection") hostile = std::max(trial(Trial::traversal), trial(Trial::injection));
  // Where every call is judged alike only a few were asked about, and the answer for one is that for all.
  return hostile && reach.reach == Reach::depends ? *hostile : reach.reach;
}

void draft_fixes(const Deployment& deployment, const Coverage& coverage, PatternState& state, ReachJudge& judge) {
  if (!state.state || !is_open_to_pattern(*state.state) || state.worst.empty()) return;
  const std::string_view id = state.pattern->id;
  std::map<std::size_t, std::vector<const PatternState::Tool*>> by_access;
  for (const PatternState::Tool& one : state.worst) {
    if (is_asked_for(id, tool_of(deployment, coverage, one), one.reach)) by_access[one.access].push_back(&one);
  }
  // One draft for each policy, also where several accesses carry it.
  std::vector<const policy::Policy*> drafted;
  for (const auto& [index, tools] : by_access) {
    const Coverage::Access& access = coverage.accesses[index];
    if (!access.policy || std::ranges::find(drafted, access.policy.get()) != drafted.end()) continue;
    drafted.push_back(access.policy.get());
    Fix fix;
    fix.access = index;
    if (access.policy->mode() == policy::Mode::observe) {
      fix.note = "The policy only observes; without \"mode\": \"observe\" its rules decide.";
      state.fixes.push_back(std::move(fix));
      continue;
    }
    std::string text(access.policy->text());
    for (const PatternState::Tool* one : tools) {
      const LiveTool& tool = tool_of(deployment, coverage, *one);
      auto merged = merge_rule(text, tool.record.name, wanted(id, tool));
      if (!merged || *merged == text) continue;
      text = std::move(*merged);
      fix.tools.push_back(tool.record.name);
    }
    const auto loaded = policy::load(text);
    if (fix.tools.empty() || !loaded) continue;
    const LiveServer& server = deployment.servers[access.server];
    const Caller& caller = deployment.grants[access.grants.front()].caller;
    for (const PatternState::Tool* one : tools) {
      const ToolReach reach = judge.judge(loaded->policy.get(), server.name, server.tools[one->tool], caller);
      const Reach now = reach_for(id, reach);
      const bool open = id == kTrifecta ? is_usable(now) : is_open_to_pattern(now);
      ++(open ? fix.leaves : fix.closes);
    }
    if (fix.closes == 0) continue;
    fix.policy = std::move(text);
    if (!loaded->warnings.empty()) fix.note = loaded->warnings.front().message;
    state.fixes.push_back(std::move(fix));
  }
}

}  // namespace doorward::catalogue
