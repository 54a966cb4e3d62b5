#pragma once

#include "audit/record_index.h"
#include "base/work_pool.h"
#include "io/loop.h"
#include "server/operations.h"

namespace doorward::server {

/// Adds `record.list`, `record.show` and `record.explain`: asked of the index by `pool` and answered
/// on `loop`. All outlive the operations' use.
void add_record_operations(Operations& operations, audit::RecordIndex& index, WorkPool& pool, io::Loop& loop);

}  // namespace doorward::server
