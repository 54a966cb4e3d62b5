#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "audit/file_ops.h"
#include "base/result.h"

namespace doorward::audit {

/// The side files of a writer, `values-<number>.jsonl`: recorded values and the salts of their commitments,
/// one JSON object a line. They are not hashed, so that erasing a line leaves every proof intact. Audit
/// thread only.
class ValueFile {
 public:
  /// `prefix` begins the files' names.
  ValueFile(FileOps& files, std::string directory, std::string_view prefix = "values-");
  ~ValueFile();
  ValueFile(const ValueFile&) = delete;
  ValueFile& operator=(const ValueFile&) = delete;

  /// The entry's members, see make_commitment.
  void add(std::string_view entry);
  Status write();
  /// After a failure, what was not yet synced is written to a new file; a line may then stand twice.
  Status sync();
  /// The next line begins a new file.
  void rotate();
  bool all_written() const { return pending_.empty(); }
  /// The file that is written to; empty: none yet.
  const std::string& path() const { return path_; }

 private:
  Status fail_with(int code);

  FileOps& files_;
  std::string directory_;
  std::string_view prefix_;
  std::string path_;
  int fd_ = -1;
  std::string pending_;
  std::string unsynced_;
};

/// The side files of a writer's directory, oldest first.
std::vector<std::string> list_value_files(const std::string& writer_directory, std::string_view prefix = "values-");

/// Removes the values (of one path, or all when `path` is empty) recorded for a call, in all writers of a log
/// directory, by rewriting the side files that hold them. The records and their commitments stay. Returns how
/// many were removed, stored arguments among them. Not while a writer of the directory runs (conflict), but for
/// `closed`, which has closed its side files (LogWriter::close_values).
Result<std::uint64_t> erase_values(const std::string& log_directory, std::string_view call_id,
                                   std::string_view path = {}, std::string_view closed = {});

}  // namespace doorward::audit
