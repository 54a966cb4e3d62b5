#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "io/fd.h"

namespace doorward::io {

/// The whole of a regular file of at most `max_bytes`; more is `exhausted`, a missing one `not_found`.
Result<std::string> read_file(const std::string& path, std::size_t max_bytes);

/// Replaces `path` so that after a crash it holds the old or the new bytes: temporary file in the same
/// folder, fsync, rename, fsync of the folder.
Status write_file_atomic(const std::string& path, std::string_view bytes, mode_t mode = 0600);

/// Creates a folder and its missing parents with `mode`; an existing folder is left as it is.
Status make_directory(const std::string& path, mode_t mode = 0700);

/// fsync of a folder, which makes renames and new names in it durable.
Status sync_directory(const std::string& path);

/// An exclusive flock, held as long as the object lives; dies with the process. The file stays.
class FileLock {
 public:
  /// Does not wait: a lock held by another process is `conflict`.
  static Result<FileLock> acquire(const std::string& path);

 private:
  explicit FileLock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace doorward::io
