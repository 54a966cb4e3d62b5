#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/policy.h"

namespace doorward::server {

inline constexpr std::size_t kPolicyBytes = 16u << 20;  ///< longest document that is read

/// Loads a policy document that came from a file or a command: policy::load, and beside it a helpful answer
/// to YAML. A document in the older YAML dialect is one finding `older-dialect` that names the command which
/// translates it. Tests inside the document that name no category get what the tool's name tells.
std::expected<policy::Loaded, policy::Findings> load_policy(std::string_view text, const std::string& file,
                                                            policy::Origin origin);

/// Loads a draft for `server` (may be empty) that is judged and never put in force: its tests may fail. Where it is not
/// valid the error names the first mistake with its line.
Result<std::shared_ptr<const policy::Policy>> load_draft(std::string_view text, const std::string& server);

}  // namespace doorward::server
