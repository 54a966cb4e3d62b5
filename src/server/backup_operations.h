#pragma once

#include "base/work_pool.h"
#include "io/loop.h"
#include "server/operations.h"
#include "server/state_dir.h"

namespace doorward::server {

/// Adds `backup.make`: a copy of the state directory as one file of the gateway's machine, for admins. It is recorded
/// (backup.made). All outlive the operations.
void add_backup_operations(Operations& operations, const StateDir& state, WorkPool& pool, io::Loop& loop, RecordEvent record);

}  // namespace doorward::server
