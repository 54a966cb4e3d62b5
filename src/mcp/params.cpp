#include "mcp/params.h"

#include <algorithm>
#include <string_view>

namespace doorward::mcp {

namespace {

using enum Revision;
using json::Type;

enum class Want : std::uint8_t {
  object,
  array,
  number,
  text,  // any string
  name,  // a string of 1 to 128 bytes without control characters
  uri,   // a string of 1 to 8192 bytes without control characters
  text_or_integer,
  anything,
};

struct Member {
  Method method;
  std::string_view name;
  Want want;
  bool required;
  Revision first = v2024_11_05;
  Revision last = v2026_07_28;
};

// The members of each method's params in the schemas of the revisions. Where a schema leaves an object open
// (Task inside notifications/tasks/status), its members of today stand here.
constexpr Member kMembers[] = {
    {Method::initialize, "protocolVersion", Want::text, true},
    {Method::initialize, "capabilities", Want::object, true},
    {Method::initialize, "clientInfo", Want::object, true},
    {Method::tools_list, "cursor", Want::text, false},
    {Method::resources_list, "cursor", Want::text, false},
    {Method::resources_templates_list, "cursor", Want::text, false},
    {Method::prompts_list, "cursor", Want::text, false},
    {Method::tasks_list, "cursor", Want::text, false},
    {Method::tools_call, "name", Want::name, true},
    {Method::tools_call, "arguments", Want::object, false},
    {Method::tools_call, "task", Want::object, false, v2025_11_25},  // of no meaning since 2026-07-28
    {Method::tools_call, "inputResponses", Want::object, false, v2026_07_28},
    {Method::tools_call, "requestState", Want::text, false, v2026_07_28},
    {Method::resources_read, "uri", Want::uri, true},
    {Method::resources_read, "inputResponses", Want::object, false, v2026_07_28},
    {Method::resources_read, "requestState", Want::text, false, v2026_07_28},
    {Method::resources_subscribe, "uri", Want::uri, true},
    {Method::resources_unsubscribe, "uri", Want::uri, true},
    {Method::prompts_get, "name", Want::name, true},
    {Method::prompts_get, "arguments", Want::object, false},
    {Method::prompts_get, "inputResponses", Want::object, false, v2026_07_28},
    {Method::prompts_get, "requestState", Want::text, false, v2026_07_28},
    {Method::completion_complete, "ref", Want::object, true},
    {Method::completion_complete, "argument", Want::object, true},
    {Method::completion_complete, "context", Want::object, false, v2025_06_18},
    {Method::logging_set_level, "level", Want::text, true},
    {Method::subscriptions_listen, "notifications", Want::object, true},
    {Method::tasks_get, "taskId", Want::name, true},
    {Method::tasks_result, "taskId", Want::name, true},
    {Method::tasks_cancel, "taskId", Want::name, true},
    {Method::tasks_update, "taskId", Want::name, true},
    {Method::tasks_update, "inputResponses", Want::object, true},
    {Method::sampling_create_message, "messages", Want::array, true},
    {Method::sampling_create_message, "maxTokens", Want::number, true},
    {Method::sampling_create_message, "includeContext", Want::text, false},
    {Method::sampling_create_message, "metadata", Want::object, false},
    {Method::sampling_create_message, "modelPreferences", Want::object, false},
    {Method::sampling_create_message, "stopSequences", Want::array, false},
    {Method::sampling_create_message, "systemPrompt", Want::text, false},
    {Method::sampling_create_message, "temperature", Want::number, false},
    {Method::sampling_create_message, "task", Want::object, false, v2025_11_25},
    {Method::sampling_create_message, "tools", Want::array, false, v2025_11_25},
    {Method::sampling_create_message, "toolChoice", Want::object, false, v2025_11_25},
    {Method::elicitation_create, "message", Want::text, true},
    {Method::elicitation_create, "requestedSchema", Want::object, false},
    {Method::elicitation_create, "mode", Want::text, false, v2025_11_25},
    {Method::elicitation_create, "url", Want::text, false, v2025_11_25},
    {Method::elicitation_create, "elicitationId", Want::text, false, v2025_11_25},
    {Method::elicitation_create, "task", Want::object, false, v2025_11_25},
    {Method::cancelled, "requestId", Want::text_or_integer, false},
    {Method::cancelled, "reason", Want::text, false},
    {Method::progress, "progressToken", Want::text_or_integer, true},
    {Method::progress, "progress", Want::number, true},
    {Method::progress, "total", Want::number, false},
    {Method::progress, "message", Want::text, false, v2025_03_26},
    {Method::tasks_status, "taskId", Want::name, true},
    {Method::tasks_status, "status", Want::text, true},
    {Method::tasks_status, "statusMessage", Want::text, false},
    {Method::tasks_status, "createdAt", Want::text, false},
    {Method::tasks_status, "lastUpdatedAt", Want::text, false},
    {Method::tasks_status, "ttl", Want::anything, false},
    {Method::tasks_status, "pollInterval", Want::number, false},
    {Method::tasks_status, "ttlMs", Want::anything, false, v2026_07_28},
    {Method::tasks_status, "pollIntervalMs", Want::number, false, v2026_07_28},
    {Method::resources_updated, "uri", Want::uri, true},
    {Method::message, "level", Want::text, true},
    {Method::message, "logger", Want::text, false},
    {Method::message, "data", Want::anything, true},
    {Method::elicitation_complete, "elicitationId", Want::text, true},
    {Method::subscriptions_acknowledged, "notifications", Want::object, true},
};

bool printable(std::string_view text, std::size_t most) {
  return !text.empty() && text.size() <= most && std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
}

bool fits(json::Value value, Want want) {
  switch (want) {
    case Want::object:
      return value.is(Type::object);
    case Want::array:
      return value.is(Type::array);
    case Want::number:
      return value.is(Type::number);
    case Want::text:
      return value.is(Type::string);
    case Want::name:
      return value.is(Type::string) && printable(value.string(), 128);
    case Want::uri:
      return value.is(Type::string) && printable(value.string(), 8192);
    case Want::text_or_integer:
      return value.is(Type::string) ||
             (value.is(Type::number) && value.number().find_first_of(".eE") == std::string_view::npos);
    case Want::anything:
      return true;
  }
  return false;
}

std::string_view describe(Want want) {
  switch (want) {
    case Want::object:
      return "an object";
    case Want::array:
      return "an array";
    case Want::number:
      return "a number";
    case Want::text:
      return "a string";
    case Want::name:
      return "a string of 1 to 128 bytes without control characters";
    case Want::uri:
      return "a string of 1 to 8192 bytes without control characters";
    case Want::text_or_integer:
      return "a string or an integer";
    case Want::anything:
      return "present";
  }
  return "";
}

std::string quoted(std::string_view name) {
  std::string out = "\"";
  out += name.substr(0, 64);
  return out += '"';
}

}  // namespace

std::optional<std::string> params_fault(Method method, Revision revision, json::Value params) {
  const auto applies = [&](const Member& m) {
    return m.method == method && m.first <= revision && revision <= m.last;
  };
  for (const Member& m : kMembers) {
    if (!applies(m)) continue;
    const json::Value value = params.find(m.name);
    if (!value && m.required) return "params lack " + quoted(m.name);
    if (value && !fits(value, m.want)) {
      return "params." + std::string(m.name) + " must be " + std::string(describe(m.want));
    }
  }
  for (const json::Member given : params.members()) {
    const std::string_view name = given.key.string();
    if (name == "_meta") continue;
    const bool known = std::any_of(std::begin(kMembers), std::end(kMembers),
                                   [&](const Member& m) { return applies(m) && m.name == name; });
    if (!known) return "params hold " + quoted(name) + ", which this method does not have";
  }
  return std::nullopt;
}

}  // namespace doorward::mcp
