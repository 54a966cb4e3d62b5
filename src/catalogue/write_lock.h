#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace doorward::catalogue {

/// The right to write `catalogue.db`: an exclusive flock(2) on a file beside it, held from before a
/// transaction until its checkpoint is done. The kernel drops it when the process dies.
class WriteLock {
 public:
  /// Waits at most this long; unavailable where somebody else has it all the time.
  static Result<WriteLock> take(const std::string& path, int wait_ms);

  WriteLock(WriteLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  WriteLock& operator=(WriteLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~WriteLock();

 private:
  explicit WriteLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace doorward::catalogue
