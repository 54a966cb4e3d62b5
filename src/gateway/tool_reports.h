#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include "gateway/pin_set.h"

namespace doorward::gateway {

/// The way of tool reports from the workers to the control thread: a bounded queue. Any thread.
class ToolReports {
 public:
  /// Who is told, on the worker's thread, that there is something to take; must not block. Set before the workers
  /// start.
  void set_listener(std::function<void()> listener) { listener_ = std::move(listener); }

  /// False where the queue is full or nobody listens: the worker reports again with a later list.
  bool offer(ToolReport report);
  /// Everything that waits, oldest first.
  std::vector<ToolReport> take();

 private:
  static constexpr std::size_t kMostReports = 256;
  static constexpr std::size_t kMostBytes = 128u << 20;

  std::function<void()> listener_;
  std::mutex mutex_;
  std::vector<ToolReport> waiting_;
  std::size_t bytes_ = 0;
};

}  // namespace doorward::gateway
