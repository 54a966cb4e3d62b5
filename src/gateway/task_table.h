#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace doorward::gateway {

class OwnTask;

/// A task that a server runs for a grant: what began as a call of `tool` and is asked about later.
struct TaskEntry {
  std::string handle;  ///< what the client calls it: 128 random bits of ours
  std::string grant;   ///< id
  std::string server;
  std::string session;    ///< digest of the legacy session that it began in; empty in the modern era
  std::string server_id;  ///< what the server calls it
  std::string tool;       ///< by whose policy it is judged
  std::vector<std::string> open_keys;  ///< of the input that it waits for (tasks extension)
  std::shared_ptr<OwnTask> own = {};   ///< where the task is the gateway's; its `server_id` is the call's decision
};

/// Whose tasks there are (attack cases T195 to T198). A server's task ids may be bearer tokens, or the same for
/// two callers, so clients know only handles, each good for one grant and server. In memory: after a restart of
/// the gateway a handle is not found. Thread-safe; not on the path of a call without tasks.
class TaskTable {
 public:
  explicit TaskTable(std::size_t most = 100'000) : most_(most) {}

  /// The handle of a task that began just now, or began before. The oldest task makes room.
  std::string add(TaskEntry task);
  /// Nothing where there is none, or it is another grant's or server's.
  std::optional<TaskEntry> find(std::string_view handle, std::string_view grant,
                                std::string_view server) const;
  /// The handle of a task by the server's id; nothing where this grant began none of that id there.
  std::optional<std::string> handle(std::string_view grant, std::string_view server, std::string_view session,
                                    std::string_view server_id) const;
  void set_open_keys(std::string_view handle, std::vector<std::string> keys);

 private:
  using Tasks = std::list<TaskEntry>;
  static std::string key(std::string_view grant, std::string_view server, std::string_view session,
                         std::string_view server_id);

  const std::size_t most_;
  mutable std::mutex mutex_;
  Tasks tasks_;  ///< the oldest first
  std::unordered_map<std::string, Tasks::iterator> by_handle_;
  std::unordered_map<std::string, Tasks::iterator> by_server_id_;
};

}  // namespace doorward::gateway
