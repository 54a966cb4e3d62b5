#pragma once

#include <string>

#include "server/operations.h"

namespace doorward::server {

/// Adds `coverage`: which tools can be used under which grants, and which attacks that leaves open; `grant.can` and
/// `server.can`: what one agent, or every agent of one server, can do with each tool; `policy.diff`: what a draft answers otherwise than a policy in force;
/// `catalogue.recommend`: the policy for servers or the rule for a tool, beside what is in force; `catalogue.apply`:
/// puts it in force. Tools are classified and the engine is asked on a thread of its own. All outlive the operations.
void add_exposure_operations(Operations& operations, store::Store& store, const std::string& state_directory, io::Loop& loop,
                             const Clock& clock = system_clock());

}  // namespace doorward::server
