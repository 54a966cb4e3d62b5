#include "catalogue/write_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

namespace doorward::catalogue {

Result<WriteLock> WriteLock::take(const std::string& path, int wait_ms) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0)
    return fail(ErrorKind::unavailable, "cannot open " + path + ": " + std::strerror(errno));
  WriteLock lock(descriptor);
  constexpr int kPauseMs = 20;
  for (int waited = 0;; waited += kPauseMs) {
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return lock;
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return fail(ErrorKind::unavailable, "cannot lock " + path + ": " + std::strerror(errno));
    }
    if (waited >= wait_ms) {
      return fail(ErrorKind::unavailable, "another process writes the catalogue (" + path +
                                              " is locked); try again when it has finished");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(kPauseMs));
  }
}

WriteLock::~WriteLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace doorward::catalogue
