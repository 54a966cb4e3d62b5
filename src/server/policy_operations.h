#pragma once

#include "server/operations.h"

namespace doorward::server {

/// Adds `policy.validate`, `policy.test` and `policy.explain`: what a document says, without changing anything.
/// `operations` outlives them.
void add_policy_operations(Operations& operations, const Clock& clock = system_clock());

}  // namespace doorward::server
