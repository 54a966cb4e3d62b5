#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log_writer.h"
#include "base/result.h"
#include "json/reader.h"

namespace doorward::audit {

/// One record. Valid during the callback only.
struct RecordView {
  std::string_view line;  ///< the canonical bytes, without the newline
  json::Value root;       ///< the same, read
  std::string_view writer;
  std::uint64_t epoch = 0;
  std::uint64_t seq = 0;
  std::int64_t time_us = 0;  ///< UTC

  /// The string at a path of members such as `grant.id`; empty if absent or no string.
  std::string_view text(std::string_view path) const;
};

/// Which records to show. Empty members match everything; all that are set must match.
struct Query {
  std::string writer;
  std::string grant;  ///< id or label
  std::string server;
  std::string tool;
  std::string verdict;  ///< `allow`, `deny`, `hide`, `approve`
  std::string rule;     ///< the rule string, or its beginning followed by `*`
  std::string event;    ///< the event, or its beginning followed by `*`
  std::string code;
  std::string id;
  std::optional<std::int64_t> since_us;  ///< at or after
  std::optional<std::int64_t> until_us;  ///< before

  bool matches(const RecordView& record) const;
};

/// Reads the logs of all writers of a directory, also while they are written. Records come in the order of
/// each writer's log, and writers are merged by time. Not thread-safe.
class LogReader {
 public:
  explicit LogReader(std::string directory);
  ~LogReader();

  /// Calls `each`, oldest first, until it returns false.
  Status for_each(const Query& query, const std::function<bool(const RecordView&)>& each);
  /// Calls `each`, newest first, until it returns false; reads files backwards.
  Status for_each_newest(const Query& query, const std::function<bool(const RecordView&)>& each);
  /// The newest `count` matching lines, oldest of them first.
  Result<std::vector<std::string>> last(const Query& query, std::size_t count);
  /// All records of a call, oldest first.
  Result<std::vector<std::string>> find(std::string_view id);

  /// Every record behind these positions, writer by writer (a writer that is not named: from its beginning),
  /// in log order: what a snapshot taken at the positions lacks. For rebuilding counters.
  Status for_each_since(std::span<const LogPosition> positions,
                        const std::function<bool(const RecordView&)>& each);

  /// Follow mode. The first poll starts behind what the directory holds at that moment; each one delivers
  /// what has been written since, also by writers that came up in between.
  Status poll(const Query& query, const std::function<bool(const RecordView&)>& each);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace doorward::audit
