#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "audit/log_writer.h"

namespace doorward::gateway {

/// Folds the log into the snapshot of the counts from time to time, on a thread of its own, whenever it has
/// grown by enough that replaying it at a start would be felt.
class CountKeeper {
 public:
  /// `log` outlives the keeper.
  CountKeeper(std::string state, const audit::LogWriter& log);
  ~CountKeeper();
  CountKeeper(const CountKeeper&) = delete;
  CountKeeper& operator=(const CountKeeper&) = delete;

 private:
  void run();

  std::string state_;
  const audit::LogWriter& log_;
  audit::LogPosition folded_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace doorward::gateway
