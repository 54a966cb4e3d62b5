#pragma once

#include "server/operations.h"
#include "server/upstream_accounts.h"

namespace doorward::server {

/// Adds `upstream_account.list`, `upstream_account.connect` and `upstream_account.disconnect`. Both outlive the other's
/// last call.
void add_upstream_account_operations(Operations& operations, UpstreamAccounts& accounts);

}  // namespace doorward::server
