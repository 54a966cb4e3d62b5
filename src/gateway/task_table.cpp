#include "gateway/task_table.h"

#include <utility>

#include "base/random.h"

namespace doorward::gateway {

std::string TaskTable::key(std::string_view grant, std::string_view server, std::string_view session,
                           std::string_view server_id) {
  // A NUL occurs in none of the first three, so no two tasks share a key.
  std::string key;
  for (std::string_view part : {grant, server, session}) {
    key += part;
    key += '\0';
  }
  return key += server_id;
}

std::string TaskTable::add(TaskEntry task) {
  const std::lock_guard lock(mutex_);
  std::string by = key(task.grant, task.server, task.session, task.server_id);
  if (const auto known = by_server_id_.find(by); known != by_server_id_.end()) return known->second->handle;
  if (tasks_.size() >= most_) {
    const TaskEntry& oldest = tasks_.front();
    by_handle_.erase(oldest.handle);
    by_server_id_.erase(key(oldest.grant, oldest.server, oldest.session, oldest.server_id));
    tasks_.pop_front();
  }
  task.handle = random_id("task_");
  const auto at = tasks_.insert(tasks_.end(), std::move(task));
  by_handle_.emplace(at->handle, at);
  by_server_id_.emplace(std::move(by), at);
  return at->handle;
}

std::optional<TaskEntry> TaskTable::find(std::string_view handle, std::string_view grant,
                                         std::string_view server) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_handle_.find(std::string(handle));
  if (found == by_handle_.end() || found->second->grant != grant || found->second->server != server) {
    return std::nullopt;
  }
  return *found->second;
}

std::optional<std::string> TaskTable::handle(std::string_view grant, std::string_view server,
                                             std::string_view session, std::string_view server_id) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_server_id_.find(key(grant, server, session, server_id));
  if (found == by_server_id_.end()) return std::nullopt;
  return found->second->handle;
}

void TaskTable::set_open_keys(std::string_view handle, std::vector<std::string> keys) {
  const std::lock_guard lock(mutex_);
  const auto found = by_handle_.find(std::string(handle));
  if (found != by_handle_.end()) found->second->open_keys = std::move(keys);
}

}  // namespace doorward::gateway
