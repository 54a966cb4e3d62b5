#include "audit/file_ops.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "audit/descriptor.h"

namespace doorward::audit {
namespace {

int result_of(long value) {
  return value < 0 ? -errno : static_cast<int>(value);
}

}  // namespace

int FileOps::open(const std::string& path, int flags, unsigned mode) {
  return result_of(::open(path.c_str(), flags | O_CLOEXEC, mode));
}

ssize_t FileOps::write(int fd, const char* data, std::size_t size) {
  const ssize_t done = ::write(fd, data, size);
  return done < 0 ? -errno : done;
}

int FileOps::fdatasync(int fd) {
  return result_of(::fdatasync(fd));
}
int FileOps::truncate(int fd, off_t size) {
  return result_of(::ftruncate(fd, size));
}
int FileOps::rename(const std::string& from, const std::string& to) {
  return result_of(::rename(from.c_str(), to.c_str()));
}
int FileOps::remove(const std::string& path) {
  return result_of(::unlink(path.c_str()));
}

int FileOps::sync_directory(const std::string& path) {
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return -errno;
  return result_of(::fsync(fd.get()));
}

void FileOps::close(int fd) {
  ::close(fd);
}

FileOps& FileOps::system() {
  static FileOps files;
  return files;
}

}  // namespace doorward::audit
