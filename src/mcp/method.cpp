#include "mcp/method.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace doorward::mcp {

namespace {

using enum Revision;

// The revisions in which one side may send a method; none where `last` is older than `first`.
struct Span {
  Revision first = v2026_07_28;
  Revision last = v2024_11_05;
  constexpr bool has(Revision revision) const { return first <= revision && revision <= last; }
};

constexpr Span kNever{};
constexpr Span kAlways{v2024_11_05, v2026_07_28};
constexpr Span kLegacy{v2024_11_05, v2025_11_25};
constexpr Span kModern{v2026_07_28, v2026_07_28};
constexpr Span kTasks2025{v2025_11_25, v2025_11_25};
constexpr Span kTasks{v2025_11_25, v2026_07_28};

struct Row {
  Method method;
  std::string_view name;
  Span client;
  Span server;
};

// From the schemas of the five revisions (ClientRequest, ServerRequest, ClientNotification,
// ServerNotification), and the tasks extension for 2026-07-28. In the order of Method.
constexpr std::array kRows = {
    Row{Method::unknown, "", kNever, kNever},
    Row{Method::initialize, "initialize", kLegacy, kNever},
    Row{Method::ping, "ping", kLegacy, kLegacy},
    Row{Method::server_discover, "server/discover", kModern, kNever},
    Row{Method::tools_list, "tools/list", kAlways, kNever},
    Row{Method::tools_call, "tools/call", kAlways, kNever},
    Row{Method::resources_list, "resources/list", kAlways, kNever},
    Row{Method::resources_templates_list, "resources/templates/list", kAlways, kNever},
    Row{Method::resources_read, "resources/read", kAlways, kNever},
    Row{Method::resources_subscribe, "resources/subscribe", kLegacy, kNever},
    Row{Method::resources_unsubscribe, "resources/unsubscribe", kLegacy, kNever},
    Row{Method::prompts_list, "prompts/list", kAlways, kNever},
    Row{Method::prompts_get, "prompts/get", kAlways, kNever},
    Row{Method::completion_complete, "completion/complete", kAlways, kNever},
    Row{Method::logging_set_level, "logging/setLevel", kLegacy, kNever},
    Row{Method::subscriptions_listen, "subscriptions/listen", kModern, kNever},
    Row{Method::tasks_get, "tasks/get", kTasks, kTasks2025},
    Row{Method::tasks_result, "tasks/result", kTasks2025, kTasks2025},
    Row{Method::tasks_list, "tasks/list", kTasks2025, kTasks2025},
    Row{Method::tasks_cancel, "tasks/cancel", kTasks, kTasks2025},
    Row{Method::tasks_update, "tasks/update", kModern, kNever},
    Row{Method::sampling_create_message, "sampling/createMessage", kNever, kLegacy},
    Row{Method::roots_list, "roots/list", kNever, kLegacy},
    Row{Method::elicitation_create, "elicitation/create", kNever, Span{v2025_06_18, v2025_11_25}},
    Row{Method::cancelled, "notifications/cancelled", kAlways, kAlways},
    Row{Method::progress, "notifications/progress", kLegacy, kAlways},
    Row{Method::initialized, "notifications/initialized", kLegacy, kNever},
    Row{Method::roots_list_changed, "notifications/roots/list_changed", kLegacy, kNever},
    Row{Method::tasks_status, "notifications/tasks/status", kTasks2025, kTasks},
    Row{Method::resources_list_changed, "notifications/resources/list_changed", kNever, kAlways},
    Row{Method::resources_updated, "notifications/resources/updated", kNever, kAlways},
    Row{Method::prompts_list_changed, "notifications/prompts/list_changed", kNever, kAlways},
    Row{Method::tools_list_changed, "notifications/tools/list_changed", kNever, kAlways},
    Row{Method::message, "notifications/message", kNever, kAlways},
    Row{Method::elicitation_complete, "notifications/elicitation/complete", kNever, kTasks2025},
    Row{Method::subscriptions_acknowledged, "notifications/subscriptions/acknowledged", kNever, kModern},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<std::size_t>(kRows[i].method) != i) return false;
  }
  return true;
}
static_assert(in_order());

const Row& row(Method method) {
  return kRows[static_cast<std::size_t>(method)];
}

}  // namespace

std::string_view to_string(Method method) {
  return row(method).name;
}

Method parse_method(std::string_view name) {
  if (name.empty()) return Method::unknown;
  const auto found =
      std::find_if(kRows.begin(), kRows.end(), [name](const Row& r) { return r.name == name; });
  return found == kRows.end() ? Method::unknown : found->method;
}

bool is_notification(Method method) {
  return method >= Method::cancelled;
}

bool exists(Method method, Revision revision, Sender sender) {
  return (sender == Sender::client ? row(method).client : row(method).server).has(revision);
}

bool is_task_method(Method method) {
  return (method >= Method::tasks_get && method <= Method::tasks_update) || method == Method::tasks_status;
}

std::string_view list_member(Method method) {
  switch (method) {
    case Method::tools_list:
      return "tools";
    case Method::resources_list:
      return "resources";
    case Method::resources_templates_list:
      return "resourceTemplates";
    case Method::prompts_list:
      return "prompts";
    default:
      return {};
  }
}

std::string_view name_member(Method method) {
  switch (method) {
    case Method::tools_call:
    case Method::prompts_get:
      return "name";
    case Method::resources_read:
      return "uri";
    case Method::tasks_get:
    case Method::tasks_update:
    case Method::tasks_cancel:
      return "taskId";
    default:
      return {};
  }
}

}  // namespace doorward::mcp
