#pragma once

#include <atomic>
#include <cstdint>

namespace doorward::audit {

/// Wakes the one consumer of some rings. A producer pays a system call only while the consumer sleeps: it
/// stores its data (sequentially consistent), then calls notify(). All functions but sleep() may be called
/// from any thread.
class Wake {
 public:
  /// Ends a sleep that is under way or about to begin after prepare().
  void notify() {
    if (sleeping_.load(std::memory_order_seq_cst) != 0) wake();
  }

  /// Consumer: announces a sleep. Look for work once more after this, then sleep() or cancel().
  void prepare() { sleeping_.store(1, std::memory_order_seq_cst); }
  void cancel() { sleeping_.store(0, std::memory_order_relaxed); }
  /// Consumer: sleeps until notify() or for `nanoseconds` (negative: no limit). Returns early at will.
  void sleep(std::int64_t nanoseconds);

 private:
  void wake();

  std::atomic<std::uint32_t> sleeping_{0};
};

}  // namespace doorward::audit
