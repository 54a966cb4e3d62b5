#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "audit/argument_store.h"
#include "audit/file_ops.h"
#include "audit/ring.h"
#include "base/clock.h"
#include "base/result.h"

namespace doorward::audit {

/// What "durable" means (architecture.md section 3).
enum class Durability : std::uint8_t {
  process,  ///< in the ring: survives the process; a power loss costs at most sync_interval
  power,    ///< synced to disk: wait for Ring::durable() (told by on_durable) before going on
};

struct LogOptions {
  std::string directory;         ///< `<state>/log`; made if missing
  std::string key_directory;     ///< `<state>/keys`; made if missing (0700), the signing key in it (0600)
  std::string role = "gateway";  ///< first part of the writer id: `gateway`, `run`; lower-case letters
  std::string version;           ///< of Doorward, recorded in writer.start
  unsigned rings = 1;            ///< one per worker
  std::size_t ring_bytes = 8u << 20;  ///< each; bounds the calls in flight (about 2 KB each)
  Durability durability = Durability::process;

  std::chrono::milliseconds drain_interval{1};  ///< process mode: the audit thread's shortest nap under load
  std::chrono::milliseconds sync_interval{1000};  ///< process mode
  std::chrono::milliseconds checkpoint_interval{10000};
  std::uint64_t checkpoint_records = 1000;
  std::uint64_t segment_bytes = 64u << 20;
  std::chrono::seconds segment_age{24 * 3600};
  std::chrono::seconds retention{400LL * 24 *
                                 3600};           ///< whole segments older than this are removed; 0: keep all
  std::chrono::milliseconds retry_interval{500};  ///< after a failure, at most 5 s

  ArgumentOptions arguments;  ///< what is kept of the arguments of calls

  /// Audit thread: entries of ring `ring` before `position` are on disk. Must not block; post to the worker.
  std::function<void(unsigned ring, std::uint64_t position)> on_durable;
  /// Audit thread: a new signed checkpoint, to be copied where the holder of this machine cannot change it.
  std::function<void(std::string_view note)> on_checkpoint;
  /// Audit thread: accepting() changed; `why` is a sentence for an operator, empty when all is well again.
  std::function<void(bool accepting, std::string_view why)> on_state;

  FileOps* files = nullptr;      ///< default: the real ones
  const Clock* clock = nullptr;  ///< default: system_clock()
};

/// Where a writer stands in its log: everything before `seq` of `epoch` has been written.
struct LogPosition {
  std::string writer;
  std::uint64_t epoch = 0;
  std::uint64_t seq = 0;
};

struct LogState {
  bool accepting = true;
  std::string failure;  ///< why not accepting
  LogPosition position;
  std::uint64_t synced = 0;        ///< records of this epoch on disk
  std::uint64_t checkpointed = 0;  ///< records of this epoch under the last checkpoint
  std::uint64_t failures = 0;      ///< writes and syncs that failed since start
  std::uint64_t lost_records = 0;  ///< denials and events that found no room (told by summary records)
  std::uint64_t refused_intents = 0;
};

/// What a start found of the epoch before.
struct RecoveryReport {
  std::uint64_t previous_epoch = 0;    ///< 0: none
  bool clean = true;                   ///< the previous epoch ended in writer.stop
  std::uint64_t cut_bytes = 0;         ///< of a torn last record
  std::uint64_t from_rings = 0;        ///< records that were only in rings
  std::uint64_t unknown_outcomes = 0;  ///< intents closed by outcome_unknown records
  std::string problem;                 ///< non-empty: the old log contradicts itself; run `audit verify`
};

/// One log writer: the rings of a process's workers, and the audit thread that drains them into one chain of
/// records, segment by segment, signs checkpoints and removes old segments. At most one process is a given
/// writer: a second one of the same role gets another writer id in the same directory.
///
/// open(), stop() and the destructor: one thread. ring(i): the worker that owns it. The rest: any thread.
class LogWriter {
 public:
  /// Recovers what an earlier process left (docs/audit-format.md, Recovery), begins an epoch, starts the
  /// thread.
  static Result<std::unique_ptr<LogWriter>> open(LogOptions options);
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  Ring& ring(unsigned index);

  /// Appends a record from a thread that owns no ring (see record.h, write_event). Takes a lock. False: no
  /// room.
  bool record(std::string_view members);

  /// False while records cannot be stored: refuse new calls (503); denials may still be answered and
  /// appended.
  bool accepting() const noexcept;

  LogState state() const;
  LogPosition position() const;
  const std::string& writer() const;
  const RecoveryReport& recovery() const;
  /// Public key of the checkpoints, 32 bytes.
  std::string public_key() const;

  /// Waits until what was appended before the call stands in its segment, where readers find it, or fails after
  /// `limit`. It may not be synced yet.
  Status write_out(std::chrono::milliseconds limit = std::chrono::seconds(1));
  /// Waits until what was appended before the call is on disk, or fails after `limit`.
  Status flush(std::chrono::milliseconds limit = std::chrono::seconds(5));
  /// Signs a checkpoint of all that has been written now.
  Status checkpoint(std::chrono::milliseconds limit = std::chrono::seconds(5));
  /// Ends the files of recorded values and arguments, so that others may rewrite them (erase_values).
  Status close_values(std::chrono::milliseconds limit = std::chrono::seconds(5));
  /// Drains, writes writer.stop, syncs, signs the last checkpoint, ends the thread. Producers must have
  /// ended.
  Status stop();

 private:
  struct Impl;
  explicit LogWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace doorward::audit
