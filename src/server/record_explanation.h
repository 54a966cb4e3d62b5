#pragma once

#include <span>
#include <string>

#include "base/result.h"

namespace doorward::server {

/// Why a call was decided as it was, from its records alone (as JSON, policy/explain.h): what was decided, by
/// which rule of which policy, what became of it. Argument values are not in the log, so it has no evidence
/// and no trace. not_found where no record tells of a decision.
Result<std::string> explain_records(std::span<const std::string> lines);

}  // namespace doorward::server
