#pragma once

#include "base/work_pool.h"
#include "io/loop.h"
#include "server/event_log.h"
#include "server/operations.h"
#include "server/state_dir.h"

namespace doorward::server {

/// Adds `policy.simulate`: recorded calls under a draft, and `policy.suggest`: a draft from recorded calls. Everybody may ask; stored arguments are judged for those alone
/// who may see them or change policies, since by many drafts their values could be told, and that they were read is
/// recorded (audit.read). The log is read on a thread of `readers`. All outlive the operations.
void add_simulate_operations(Operations& operations, const StateDir& state, WorkPool& readers, io::Loop& loop,
                             RecordEvent record);

}  // namespace doorward::server
