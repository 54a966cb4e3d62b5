#pragma once

#include "approval/notifier.h"
#include "server/operations.h"

namespace doorward::server {

/// Adds `notify.list`, `notify.test` and `notify.log` (docs/approvals.md, "Messages"). `notifier` must outlive the
/// operations.
void add_notify_operations(Operations& operations, approval::Notifier& notifier);

}  // namespace doorward::server
