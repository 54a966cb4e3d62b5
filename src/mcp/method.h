#pragma once

#include <cstdint>
#include <string_view>

#include "mcp/revision.h"

namespace doorward::mcp {

/// Every method of the protocol, in both directions. What is not here does not exist (T041, T042).
enum class Method : std::uint8_t {
  unknown,
  // requests of clients
  initialize,
  ping,  // of servers as well
  server_discover,
  tools_list,
  tools_call,
  resources_list,
  resources_templates_list,
  resources_read,
  resources_subscribe,
  resources_unsubscribe,
  prompts_list,
  prompts_get,
  completion_complete,
  logging_set_level,
  subscriptions_listen,
  tasks_get,  // tasks: of servers as well in 2025-11-25; an extension in 2026-07-28
  tasks_result,
  tasks_list,
  tasks_cancel,
  tasks_update,
  // requests of servers
  sampling_create_message,
  roots_list,
  elicitation_create,
  // notifications
  cancelled,
  progress,
  initialized,
  roots_list_changed,
  tasks_status,
  resources_list_changed,
  resources_updated,
  prompts_list_changed,
  tools_list_changed,
  message,
  elicitation_complete,
  subscriptions_acknowledged,
};

/// Who sends a message.
enum class Sender : std::uint8_t { client, server };

/// Such as `tools/call`; empty for unknown.
std::string_view to_string(Method method);
/// By exact bytes: `Tools/Call`, ` tools/call` and `tools//call` are unknown.
Method parse_method(std::string_view name);

bool is_notification(Method method);
/// Whether the revision lets `sender` send it, as a request or as the notification that it is.
bool exists(Method method, Revision revision, Sender sender);
/// The extension of 2026-07-28 that has the tasks methods; the only one that is carried.
inline constexpr std::string_view kTasksExtension = "io.modelcontextprotocol/tasks";
/// The tasks methods: experimental in 2025-11-25, an extension in 2026-07-28 that has to be negotiated.
bool is_task_method(Method method);

/// The member of a list method's result that holds the list, such as `tools`; empty for other methods.
std::string_view list_member(Method method);
/// The member of `params` that the `Mcp-Name` header repeats (2026-07-28): `name`, `uri` or `taskId`; empty
/// for methods without.
std::string_view name_member(Method method);

}  // namespace doorward::mcp
