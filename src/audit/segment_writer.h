#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "audit/file_ops.h"
#include "base/result.h"

namespace doorward::audit {

/// Puts finished lines into the segments of one epoch, so that a failed write or sync loses none of them and
/// no failed sync is ever trusted later: a file whose sync failed is cut back to what an earlier sync
/// promised, and the bytes since then, kept in memory, go to a new file. Audit thread only.
class SegmentWriter {
 public:
  SegmentWriter(FileOps& files, std::string directory, std::uint64_t epoch);
  ~SegmentWriter();
  SegmentWriter(const SegmentWriter&) = delete;
  SegmentWriter& operator=(const SegmentWriter&) = delete;

  /// Where the caller builds lines, each ended by a newline; add() says how many records it has put there.
  std::string& pending() { return pending_; }
  void add(std::uint64_t records) { pending_records_ += records; }

  /// Brings all pending lines into the file, after repair of an earlier failure. On failure they stay
  /// pending: call again later.
  Status write();
  /// Makes everything written durable. After a failure call repair() or write(), which recover by a new file.
  Status sync();
  /// Ends the open segment and begins the next one. Everything must be written and synced.
  Status rotate();
  /// Mends what an earlier failure left behind; does nothing when all is well.
  Status repair();

  bool all_written() const { return pending_.empty() && !poisoned_ && !torn_ && cut_path_.empty(); }
  std::uint64_t written() const { return written_; }  ///< records of the epoch that are in files
  std::uint64_t synced() const { return synced_; }    ///< records of the epoch that are on disk
  std::uint64_t unsynced_bytes() const { return unsynced_.size(); }
  std::uint64_t segment_bytes() const { return size_; }
  std::uint64_t segment_first() const { return first_; }
  std::uint64_t failures() const { return failures_; }

 private:
  Error error(const char* what, int code);
  Status open_segment();
  Status replace();
  Status cut_old();
  Status verify_synced() const;
  int write_all(int fd, std::string_view bytes);

  FileOps& files_;
  std::string directory_;
  std::uint64_t epoch_;
  int fd_ = -1;
  std::string path_;
  std::uint64_t first_ = 0;
  std::uint64_t size_ = 0;  ///< whole lines in the file
  std::uint64_t synced_size_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t synced_ = 0;
  std::string pending_;
  std::uint64_t pending_records_ = 0;
  std::string unsynced_;   ///< written since the last sync
  bool torn_ = false;      ///< the file may hold a piece of a line behind size_
  bool poisoned_ = false;  ///< a sync failed, or a write did for another reason than space
  std::string cut_path_;   ///< a replaced file that still holds lines behind cut_size_
  std::uint64_t cut_size_ = 0;
  std::uint64_t failures_ = 0;
};

}  // namespace doorward::audit
