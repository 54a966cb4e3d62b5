#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include "audit/record_index.h"

namespace doorward::server {

/// Keeps the index of the log close behind the log, on a thread of its own: neither workers nor the audit thread do
/// anything for it.
class IndexKeeper {
 public:
  /// `index` outlives the keeper.
  explicit IndexKeeper(audit::RecordIndex& index);

 private:
  void run(const std::stop_token& stop);

  audit::RecordIndex& index_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  ///< last: it uses the others
};

}  // namespace doorward::server
