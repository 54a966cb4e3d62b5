#pragma once

#include <string>
#include <utility>

#include "base/result.h"

namespace doorward::store {

/// The one right to write a state directory: an exclusive flock(2) on `<directory>/lock`, held by the gateway
/// while it runs, or by a command that changes the store while no gateway runs. The kernel drops it when the
/// process dies, however it does. Children do not inherit it.
class StateLock {
 public:
  /// Creates the directory (mode 0700) and the file (0600) where they are missing. conflict, naming the
  /// holder's process id, where somebody else has it; denied where the directory is not the caller's own or
  /// others may write it.
  static Result<StateLock> take(const std::string& directory);

  StateLock(StateLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  StateLock& operator=(StateLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~StateLock();

 private:
  explicit StateLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace doorward::store
