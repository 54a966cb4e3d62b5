#include "io/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "io/failure.h"

namespace doorward::io {

namespace {

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t max_bytes) {
  // Nonblocking, so that a FIFO in a file's place cannot hold us.
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return system_failure("open " + path, errno, "check the path and its permissions");
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return system_failure("look at " + path, errno, "");
  if (!S_ISREG(info.st_mode))
    return fail(ErrorKind::invalid, path + " is no regular file; give a file's path");
  std::string bytes;
  char part[16384];
  for (;;) {
    const ssize_t n = ::read(fd.get(), part, sizeof part);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_failure("read " + path, errno, "");
    if (n == 0) return bytes;
    if (bytes.size() + static_cast<std::size_t>(n) > max_bytes) {
      return fail(ErrorKind::exhausted,
                  path + " has more than " + std::to_string(max_bytes) + " bytes; make it smaller");
    }
    bytes.append(part, static_cast<std::size_t>(n));
  }
}

Status write_file_atomic(const std::string& path, std::string_view bytes, mode_t mode) {
  std::string temporary = path + ".XXXXXX";
  const Fd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd)
    return system_failure("create a file beside " + path, errno, "check the folder and its permissions");
  const bool written = ::fchmod(fd.get(), mode) == 0 && write_all(fd.get(), bytes) &&
                       ::fsync(fd.get()) == 0 && ::rename(temporary.c_str(), path.c_str()) == 0;
  if (!written) {
    const int error = errno;
    ::unlink(temporary.c_str());
    return system_failure("write " + path, error, "check the space on the disk");
  }
  return sync_directory(folder_of(path));
}

Status make_directory(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) == 0) return {};
  int error = errno;
  if (error == ENOENT) {
    const std::string parent = folder_of(path);
    if (parent != path && parent != ".") {
      if (auto made = make_directory(parent, mode); !made) return made;
      if (::mkdir(path.c_str(), mode) == 0) return {};
      error = errno;
    }
  }
  struct stat info {};
  if (error == EEXIST && ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return {};
  return system_failure("create the folder " + path, error, "check the path and its permissions");
}

Status sync_directory(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return system_failure("sync the folder " + path, errno, "");
  return {};
}

Result<FileLock> FileLock::acquire(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return system_failure("open " + path, errno, "check the folder and its permissions");
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    return system_failure("lock " + path, errno, "another process holds it; stop that one first");
  }
  return FileLock(std::move(fd));
}

}  // namespace doorward::io
