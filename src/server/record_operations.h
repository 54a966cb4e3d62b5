#pragma once

#include "audit/record_index.h"
#include "base/work_pool.h"
#include "io/loop.h"
#include "server/operations.h"
#include "server/state_dir.h"

namespace doorward::server {

/// All outlive the operations.
struct RecordReach {
  StateDir state;
  audit::RecordIndex* index = nullptr;
  WorkPool* pool = nullptr;  ///< where the log is read
  io::Loop* loop = nullptr;  ///< where answers are given
  RecordEvent record;
};

/// Adds `record.list`, `record.show` and `record.explain`, answered from the index of the log. That stored arguments were
/// shown in an explanation is recorded first (audit.read).
void add_record_operations(Operations& operations, RecordReach reach);

}  // namespace doorward::server
