#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>

namespace doorward::audit {

/// The writing side of the file system, as the log uses it; a seam so that tests can fail the n-th operation.
/// Each function returns 0 or a count on success and -errno on failure. Thread-safe as the system calls are.
class FileOps {
 public:
  virtual ~FileOps() = default;
  virtual int open(const std::string& path, int flags, unsigned mode);
  virtual ssize_t write(int fd, const char* data, std::size_t size);
  virtual int fdatasync(int fd);
  virtual int truncate(int fd, off_t size);
  virtual int rename(const std::string& from, const std::string& to);
  virtual int remove(const std::string& path);
  /// Makes the names in a directory durable.
  virtual int sync_directory(const std::string& path);
  void close(int fd);

  /// The real ones.
  static FileOps& system();
};

}  // namespace doorward::audit
