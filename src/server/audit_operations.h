#pragma once

#include "audit/log_writer.h"
#include "audit/verify.h"
#include "base/work_pool.h"
#include "server/event_log.h"
#include "server/operations.h"
#include "server/state_dir.h"

namespace doorward::server {

/// What operations about the log reach.
struct AuditReach {
  StateDir state;
  io::Loop* loop = nullptr;
  WorkPool* readers = nullptr;  ///< where the log is read and verified, since that takes long
  RecordEvent record;
  audit::LogWriter* log = nullptr;  ///< of the running gateway; null: none runs
};

/// Adds `audit.verify`, `audit.prove`, `audit.export`, `audit.arguments` (the stored arguments of a call), `audit.erase`
/// (values and arguments of a call, for good) and `audit.note` (what a command did with the log by itself, so that it is
/// recorded). Every use is recorded: audit.verified, audit.proved, audit.exported, audit.read, audit.erased. All that is
/// referred to outlives the operations.
void add_audit_operations(Operations& operations, AuditReach reach);

/// A report as JSON, `doorward.audit.verify/1`.
std::string verify_report_json(const audit::VerifyReport& report);

}  // namespace doorward::server
