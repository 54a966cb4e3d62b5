#pragma once

#include <memory>
#include <string>

#include "policy/policy.h"
#include "server/state_dir.h"

namespace doorward::server {

/// The document that the log names by its digest, as it was kept beside the log (server/policy_trail.h); null where it was
/// not kept, is not what its digest says, or loads no more. `origin`: what it was called.
std::shared_ptr<const policy::Policy> recorded_policy(const StateDir& state, const std::string& sha256,
                                                      policy::Origin origin = {});

}  // namespace doorward::server
