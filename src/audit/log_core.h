#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "audit/chain.h"
#include "audit/keys.h"
#include "audit/log_writer.h"
#include "audit/open_intents.h"
#include "audit/record.h"
#include "audit/recovery.h"
#include "audit/segment_writer.h"
#include "audit/value_file.h"
#include "audit/writer_lock.h"

namespace doorward::audit {

/// What the audit thread does, without the thread: each round takes what the rings hold and brings it into
/// segments. pass() and stop(): one thread. accepting(), state(): any thread.
class LogCore {
 public:
  /// Takes a writer's directory over and begins an epoch.
  static Result<std::unique_ptr<LogCore>> open(LogOptions options);
  ~LogCore();
  LogCore(const LogCore&) = delete;
  LogCore& operator=(const LogCore&) = delete;

  struct Demand {
    bool sync = false;
    bool checkpoint = false;
    bool close_values = false;  ///< end the side files
  };
  struct Round {
    bool worked = false;      ///< took entries, or could not
    Status status;            ///< why not everything that was due is done
    std::int64_t due_us = 0;  ///< monotonic: when to come back at the latest; kNever: when entries come
  };
  static constexpr std::int64_t kNever = INT64_MAX;

  /// One round: take, write, sync and sign as due or demanded, rotate, remove old segments.
  Round pass(Demand demand);
  /// Drains what the rings hold, writes writer.stop, syncs, signs.
  Status stop();

  std::vector<std::unique_ptr<Ring>>& rings() { return rings_; }
  Wake& wake() { return wake_; }
  const LogOptions& options() const { return options_; }
  const std::string& writer() const { return lock_.writer; }
  const RecoveryReport& recovery() const { return report_; }
  std::string public_key() const { return signer_->public_key().bytes; }
  bool accepting() const { return accepting_.load(std::memory_order_acquire); }
  LogState state() const;

 private:
  LogCore(LogOptions options, WriterLock lock, std::unique_ptr<Signer> signer, std::string_view argument_key,
          std::uint64_t epoch);

  Status begin(const Recovered& found);
  Status make_rings(const Recovered& found);
  void append(std::string_view members);
  void append_event(std::string_view event, std::span<const EventRecord::Field> fields);
  bool take();
  Status put_away(Demand demand);
  Status sync();
  Status sign();
  Status rotate();
  Status remove_old();
  Status write_checkpoint(std::string_view note);
  void mark_clock_steps();
  void report_lost();
  void expire_arguments();
  void failed(const Error& error);
  void succeeded();
  std::int64_t due() const;
  bool sync_due() const;
  bool checkpoint_due() const;
  bool rotation_due() const;
  bool unsigned_records() const { return chain_.size() > signed_size_; }
  void publish_state();

  LogOptions options_;
  FileOps& files_;
  const Clock& clock_;
  WriterLock lock_;
  std::unique_ptr<Signer> signer_;
  RecoveryReport report_;
  Wake wake_;
  std::vector<std::unique_ptr<Ring>> rings_;
  std::vector<std::uint64_t> taken_;      ///< per ring: entries before this are in pending lines or files
  std::vector<std::uint64_t> announced_;  ///< per ring: durable position told last
  std::vector<Ring::Lost> told_;          ///< per ring: lost counts that stand in pending records
  Chain chain_;
  SegmentWriter segments_;
  ValueFile values_;
  ArgumentStore arguments_;
  std::unique_ptr<OpenIntents> intents_;
  std::unique_ptr<RecordBuffer> buffer_;
  std::string scratch_;

  int checkpoint_fd_ = -1;
  std::uint64_t checkpoint_bytes_ = 0;
  bool checkpoint_torn_ = false;  ///< the file may hold a piece of a note behind checkpoint_bytes_
  std::uint64_t signed_size_ = 0;
  std::int64_t last_sync_us_ = 0;
  std::int64_t last_sign_us_ = 0;
  std::int64_t segment_opened_us_ = 0;
  std::int64_t last_lost_us_ = 0;
  std::int64_t expired_us_ = 0;  ///< when arguments were last looked through
  std::int64_t clock_offset_us_ = 0;

  bool failing_ = false;
  std::string failure_;
  std::int64_t failing_since_wall_us_ = 0;
  std::int64_t retry_us_ = 0;
  std::uint64_t checkpoint_failures_ = 0;
  std::atomic<bool> accepting_{true};
  mutable std::mutex state_mutex_;
  LogState state_;
};

}  // namespace doorward::audit
