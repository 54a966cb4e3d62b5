#pragma once

#include <functional>

#include "identity/grant_table.h"
#include "server/operations.h"
#include "store/store.h"

namespace doorward::server {

/// Adds `agent.revoke`, `agent.restore` and `agent.list`: agents of authorization servers that are let in no more,
/// whatever token they show. All outlive the operations; `sweep` closes what revoked agents hold open, and may be null.
void add_agent_operations(Operations& operations, store::Store& store, identity::Revocations& revocations,
                          std::function<void()> sweep);

/// Makes the revocations of the store hold, at the start.
Status revoke_stored_agents(store::Store& store, identity::Revocations& revocations);

}  // namespace doorward::server
