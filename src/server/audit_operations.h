#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "audit/log_writer.h"
#include "audit/verify.h"
#include "server/operations.h"
#include "server/state_dir.h"

namespace doorward::server {

/// A thread for what would hold up the control thread: reading and verifying the log. One piece of work at a time.
class AuditThread {
 public:
  AuditThread() = default;
  /// Work that has not begun is dropped.
  ~AuditThread();
  AuditThread(const AuditThread&) = delete;
  AuditThread& operator=(const AuditThread&) = delete;

  void run(std::move_only_function<void()> work);

 private:
  void serve();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::move_only_function<void()>> queue_;
  bool stopping_ = false;
  std::thread thread_;  ///< begun by the first work
};

/// What operations about the log reach.
struct AuditReach {
  StateDir state;
  io::Loop* loop = nullptr;
  AuditThread* thread = nullptr;
  std::function<bool(std::string_view event, std::span<const audit::EventRecord::Field> fields)> record;
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
