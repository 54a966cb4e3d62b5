#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "policy/policy.h"

namespace doorward::server {

inline constexpr std::size_t kPolicyBytes = 16u << 20;  ///< longest document that is read

/// Loads a policy document that came from a file or a command: policy::load, and beside it a helpful answer
/// to YAML. A document in the older YAML dialect is one finding `older-dialect` that names the command which
/// translates it. Tests inside the document that name no category get what the tool's name tells.
std::expected<policy::Loaded, policy::Findings> load_policy(std::string_view text, const std::string& file,
                                                            policy::Origin origin);

}  // namespace doorward::server
