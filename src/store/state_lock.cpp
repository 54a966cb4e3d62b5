#include "store/state_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace doorward::store {
namespace {

Status prepare_directory(const std::string& directory) {
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail(ErrorKind::unavailable,
                "cannot make the state directory " + directory + ": " + std::strerror(errno));
  }
  struct stat status {};
  if (::stat(directory.c_str(), &status) != 0) {
    return fail(ErrorKind::unavailable,
                "cannot use the state directory " + directory + ": " + std::strerror(errno));
  }
  if (!S_ISDIR(status.st_mode)) return fail(ErrorKind::invalid, directory + " is not a directory");
  if (status.st_uid != ::geteuid()) {
    return fail(ErrorKind::denied,
                "the state directory " + directory + " belongs to another user; start as its owner");
  }
  if ((status.st_mode & 022) != 0) {
    return fail(ErrorKind::denied,
                "others may write the state directory " + directory + "; run: chmod 700 " + directory);
  }
  return {};
}

/// The process id that the holder wrote, for the message only.
std::string holder_of(int descriptor) {
  std::array<char, 16> text{};
  const ssize_t size = ::pread(descriptor, text.data(), text.size(), 0);
  std::string digits;
  for (ssize_t i = 0;
       i < size && text[static_cast<std::size_t>(i)] >= '0' && text[static_cast<std::size_t>(i)] <= '9';
       ++i) {
    digits += text[static_cast<std::size_t>(i)];
  }
  return digits.empty() ? "another process" : "process " + digits;
}

}  // namespace

Result<StateLock> StateLock::take(const std::string& directory) {
  if (auto prepared = prepare_directory(directory); !prepared) return std::unexpected(prepared.error());
  const std::string path = directory + "/lock";
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) {
    return fail(ErrorKind::unavailable, "cannot open " + path + ": " + std::strerror(errno));
  }
  StateLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) {
      return fail(ErrorKind::unavailable, "cannot lock " + path + ": " + std::strerror(errno));
    }
    return fail(ErrorKind::conflict, holder_of(descriptor) + " uses the state directory " + directory +
                                         "; let it do the work, end it, or name another directory");
  }
  const std::string self = std::to_string(::getpid()) + "\n";
  if (::ftruncate(descriptor, 0) != 0 ||
      ::pwrite(descriptor, self.data(), self.size(), 0) != static_cast<ssize_t>(self.size())) {
    return fail(ErrorKind::unavailable, "cannot write " + path + ": " + std::strerror(errno));
  }
  return lock;
}

StateLock::~StateLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace doorward::store
