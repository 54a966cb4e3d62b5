#pragma once

#include <functional>
#include <memory>
#include <string>

#include "audit/record_index.h"
#include "base/work_pool.h"
#include "gateway/world.h"
#include "quota/table.h"
#include "server/operations.h"

namespace doorward::server {

/// What the operations on the use of grants ask of the gateway. All outlive them.
struct UsageReach {
  Operations* operations = nullptr;
  audit::RecordIndex* index = nullptr;
  quota::Table* quotas = nullptr;
  std::function<std::shared_ptr<const gateway::World>()> world;  ///< control thread
  std::function<std::string()> url;                              ///< under which agents reach the gateway
  WorkPool* readers = nullptr;
  io::Loop* loop = nullptr;
};

/// Adds `grant.quotas` (how full each limit is), `grant.usage` (what every grant did lately) and `grant.connect` (what
/// clients need to reach it).
void add_usage_operations(Operations& operations, UsageReach reach);

}  // namespace doorward::server
