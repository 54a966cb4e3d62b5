#pragma once

#include "approval/desk.h"
#include "server/operations.h"

namespace doorward::server {

/// Adds `approval.list`, `approval.show`, `approval.approve` and `approval.deny` (docs/approvals.md). Arguments of calls
/// are shown to approvers, auditors and admins alone; who may decide is the desk's to say. `desk` must outlive the
/// operations.
void add_approval_operations(Operations& operations, approval::Desk& desk);

}  // namespace doorward::server
