#pragma once

#include <string_view>

#include "catalogue/coverage.h"

namespace doorward::catalogue {

/// How a tool stands to a pattern: where that lives by hostile arguments, by what becomes of those.
Reach reach_for(std::string_view pattern, const ToolReach& reach);

/// Whether an agent gets what the pattern needs: calls that no rule asks about or counts.
constexpr bool is_open_to_pattern(Reach reach) { return reach == Reach::open || reach == Reach::depends; }

/// Drafts for each policy that leaves tools open to the pattern the same policy with rules merged in, and asks the
/// engine what they close.
void draft_fixes(const Deployment& deployment, const Coverage& coverage, PatternState& state, ReachJudge& judge);

}  // namespace doorward::catalogue
