#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace doorward::gateway {

/// A task of the gateway's own (extension io.modelcontextprotocol/tasks): a call that waits for people, then runs, and
/// is asked about meanwhile. Thread-safe; the call itself lives on its worker.
class OwnTask {
 public:
  /// `cancel` runs on the thread of whoever cancels. Times are wall time.
  OwnTask(std::string message, std::int64_t now_us, std::int64_t lifetime_us, std::move_only_function<void()> cancel);

  /// While it works: what for, to people.
  void say(std::string message, std::int64_t now_us);
  /// The call is over; `response` is its JSON-RPC response.
  void finish(std::string response, std::int64_t now_us);
  /// A task that is over stays as it is.
  void cancel(std::int64_t now_us);

  /// Appends the members that `tasks/get` tells, the first one `taskId`, without braces.
  void append_members(std::string& out, std::string_view handle) const;

 private:
  enum class Status : std::uint8_t { working, completed, failed, cancelled };

  mutable std::mutex mutex_;
  Status status_ = Status::working;
  std::string message_;
  std::string response_;
  const std::int64_t created_us_;
  std::int64_t updated_us_;
  const std::int64_t lifetime_us_;
  std::move_only_function<void()> cancel_;
};

}  // namespace doorward::gateway
