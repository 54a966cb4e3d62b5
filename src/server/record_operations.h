#pragma once

#include <string>

#include "base/work_pool.h"
#include "io/loop.h"
#include "server/operations.h"

namespace doorward::server {

/// Adds `record.list`, `record.show` and `record.explain`: the log of the state directory, read by `pool` and
/// answered on `loop`. All outlive the operations' use.
void add_record_operations(Operations& operations, const std::string& log_directory, WorkPool& pool, io::Loop& loop);

}  // namespace doorward::server
