#pragma once

#include <functional>
#include <string>

#include "approval/desk.h"
#include "audit/log_writer.h"
#include "audit/record_index.h"
#include "base/work_pool.h"
#include "gateway/call_counters.h"
#include "server/operations.h"

namespace doorward::server {

/// What `stats` and `attention` ask beside the log. All outlive the operations.
struct OverviewReach {
  Operations* operations = nullptr;
  store::Store* store = nullptr;
  approval::Desk* desk = nullptr;
  audit::RecordIndex* index = nullptr;
  const audit::LogWriter* log = nullptr;
  std::function<gateway::CallCounters::Totals()> totals;  ///< control thread
  std::string state_directory;
  WorkPool* readers = nullptr;
  io::Loop* loop = nullptr;
};

/// Adds `stats` and `attention`: what the first page shows. The log is counted by the index, on a thread of the pool.
void add_overview_operations(Operations& operations, OverviewReach reach);

}  // namespace doorward::server
