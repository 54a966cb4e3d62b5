#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace doorward {

/// A few threads for work that takes long, such as hashing a password, so that a loop's thread does not wait for it.
/// Both the threads and what waits for them are bounded. Thread-safe.
class WorkPool {
 public:
  WorkPool(unsigned threads, std::size_t most_waiting);
  /// Finishes the work under way; what waits is destroyed unrun.
  ~WorkPool();
  WorkPool(const WorkPool&) = delete;
  WorkPool& operator=(const WorkPool&) = delete;

  /// Runs `work` on one of the threads, in turn; false, and nothing runs, while too much waits.
  bool run(std::move_only_function<void()> work);

 private:
  void serve();

  const std::size_t most_waiting_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::move_only_function<void()>> waiting_;
  bool stopping_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace doorward
