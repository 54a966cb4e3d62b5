#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "audit/index_block.h"
#include "audit/reader.h"
#include "base/result.h"

namespace doorward::audit {

/// A place in the log, in the order of a list: behind this record, toward older ones.
struct IndexPlace {
  std::int64_t time_us = 0;
  std::uint64_t epoch = 0;
  std::uint64_t seq = 0;
  std::string writer;
};

/// One record of a page.
struct IndexedRecord {
  std::string line;
  IndexPlace place;
  DecisionWord word = DecisionWord::none;
  RowResult result = RowResult::none;            ///< of an intent: how the call ended; none: not yet, or unknown
  std::optional<std::uint32_t> duration_us = {};  ///< of an intent that has an outcome
};

struct IndexPage {
  std::vector<IndexedRecord> records;  ///< newest first
  bool more = false;                   ///< older ones fit, too
  std::uint64_t found = 0;             ///< how many records fit, on all pages together
  bool exact = true;                   ///< false: older segments are still being read, so `found` is the least
};

/// How far the links of the log have been followed: each record names the hash of the one before.
struct ChainState {
  struct Break {
    std::string writer;
    std::uint64_t epoch = 0;
    std::uint64_t seq = 0;
  };
  bool whole = false;  ///< every segment has been read
  std::optional<Break> first_break;
  IndexPlace newest;             ///< the record read last; no writer: there is none
  std::uint64_t records = 0;     ///< read and linked
  std::int64_t read_us = 0;      ///< when the log was last looked at, UTC
};

/// Finds and counts records of the log without reading it: for every segment a block of fixed rows, held in memory while
/// the segment grows and in a file beside the log once it is complete. Derived and never trusted: a row says where a
/// record stands, and what is shown is the record itself, compared with the question again. What is absent, damaged or
/// behind is made anew from the log. Thread-safe; nobody who writes the log waits for it.
class RecordIndex {
 public:
  /// `log`: a log directory. `directory`: where blocks are kept, made when first needed; empty: in memory only.
  /// `write_out`: has the writers of this process write what they hold, so that who did something finds it; called by
  /// refresh(), on its thread; may be empty.
  RecordIndex(std::string log, std::string directory, std::function<void()> write_out = {});
  ~RecordIndex();
  RecordIndex(const RecordIndex&) = delete;
  RecordIndex& operator=(const RecordIndex&) = delete;

  /// Takes in what has been written since, by any writer, and forgets what retention removed. While another thread is
  /// at the first reading of a long log, it returns after a moment with less than all.
  Status refresh();

  /// The newest records that fit a query, from a place on. Without `count`, `found` stays 0.
  Result<IndexPage> page(const Query& query, const std::optional<IndexPlace>& from, std::size_t limit,
                         bool count = true) const;
  /// Every record of a call, in the order in which they were written.
  std::vector<std::string> find(std::string_view id) const;
  ChainState chain() const;

  /// Calls `each(block, row)` for the rows that fit, writer by writer, oldest first; nobody adds any meanwhile.
  template <typename Each>
  void scan(const Query& query, const Each& each) const {
    const std::shared_lock lock(mutex_);
    for (const auto& [name, blocks] : writers_) {
      for (std::size_t i = 0; i < blocks.size(); ++i) {
        const BlockFilter filter(query, *blocks[i]);
        if (filter.none()) continue;
        for (const IndexRow& row : rows_of(blocks, i)) {
          if (filter.fits(row)) each(*blocks[i], row);
        }
      }
    }
  }
  /// Rows held.
  std::uint64_t size() const;
  bool whole() const { return whole_; }

 private:
  using Blocks = std::vector<std::shared_ptr<IndexBlock>>;
  class Walk;

  static std::span<const IndexRow> rows_of(const Blocks& blocks, std::size_t index);
  std::string path_of(const std::string& writer, const SegmentFile& segment) const;
  Status read_log();
  Status take_in(const std::string& writer, const SegmentFile& segment, bool complete);
  Status grow(IndexBlock& block);
  std::shared_ptr<IndexBlock> held(const std::string& writer, const SegmentFile& segment) const;
  void put(const std::string& writer, std::shared_ptr<IndexBlock> block);
  void keep(const std::string& writer, const SegmentFile& segment, const IndexBlock& block);
  void forget(const std::string& writer, const std::vector<SegmentFile>& segments);
  void clear_out(const std::string& writer, const std::vector<SegmentFile>& segments) const;
  void read_outcome(const Blocks& blocks, std::size_t block, std::size_t row, IndexedRecord& into) const;
  void look_at_chain();

  const std::string log_;
  const std::string directory_;
  const std::function<void()> write_out_;
  std::mutex turn_;
  std::condition_variable turn_ended_;
  bool reading_ = false;                ///< one reads the log at a time; under turn_
  bool keeping_ = true;                 ///< until a file cannot be written; whoever reads the log
  mutable std::shared_mutex mutex_;     ///< of all below; held by a reader of the log for pieces of it only
  std::map<std::string, Blocks> writers_;  ///< segments in log order
  ChainState chain_;
  std::atomic<bool> whole_{false};
};

}  // namespace doorward::audit
