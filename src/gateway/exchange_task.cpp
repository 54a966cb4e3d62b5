// Tasks: calls that are asked about later (2025-11-25, and the extension io.modelcontextprotocol/tasks).

#include <algorithm>

#include "gateway/exchange.h"
#include "gateway/own_task.h"
#include "gateway/worker.h"
#include "json/writer.h"

namespace doorward::gateway {
namespace {

constexpr std::string_view kRelatedTask = "io.modelcontextprotocol/related-task";

}  // namespace

void Exchange::judge_task(const mcp::Message& message) {
  const bool modern = mcp::era_of(caller_.revision) == mcp::Era::modern;
  if (modern &&
      !message.meta.find(mcp::kMetaClientCapabilities).find("extensions").find(mcp::kTasksExtension)) {
    return refuse_rpc(mcp::ErrorCode::missing_client_capability,
                      "The client has not declared the extension io.modelcontextprotocol/tasks.",
                      "undeclared_extension",
                      R"({"requiredCapabilities":{"extensions":{"io.modelcontextprotocol/tasks":{}}}})");
  }
  if (message.method == mcp::Method::tasks_list) return forward(message, {}, nullptr);
  const std::string_view handle = message.params.find("taskId").string();
  const std::optional<TaskEntry> task =
      worker_.shared().tasks.find(handle, caller_.grant->grant->id, caller_.server->settings().name);
  asked_ = handle;
  if (!task || !may_still_call(task->tool)) {
    return refuse_rpc(mcp::ErrorCode::invalid_params, "Task not found: " + asked_, "unknown_task");
  }
  if (task->own != nullptr) return answer_own_task(*task);
  if (!take_input(message)) return;
  if (const json::Value responses = message.params.find("inputResponses")) keep_open_answers(responses, *task);
  tool_ = task->tool;
  task_ = task->server_id;
  forward(message, {}, nullptr);
}

void Exchange::answer_own_task(const TaskEntry& task) {
  tool_ = task.tool;
  if (!record_intent(nullptr, {})) {
    answer_.clear();
    mcp::append_error(answer_, client_id_, mcp::ErrorCode::internal_error,
                      "The gateway cannot record calls at the moment. Try again later.");
    answer_status_ = 503;
  } else {
    if (method_ == mcp::Method::tasks_cancel) task.own->cancel(worker_.loop().wall_us());
    std::string result = R"({"resultType":"complete")";
    if (method_ == mcp::Method::tasks_get) {
      result += ',';
      task.own->append_members(result, task.handle);
    }
    answer_.clear();
    mcp::append_result(answer_, client_id_, result += '}');
    record_outcome("ok", {}, 0, false, answer_.size(), {});
  }
  responded_ = true;
  when_durable(Then::answer);
}

void Exchange::keep_open_answers(json::Value responses, const TaskEntry& task) {
  input_responses_ = "{";
  for (const json::Member member : responses.members()) {
    const auto& open = task.open_keys;
    if (std::find(open.begin(), open.end(), member.key.string()) == open.end()) continue;
    if (input_responses_.size() > 1) input_responses_ += ',';
    input_responses_ += text_.substr(member.key.begin_offset(),
                                     member.value.end_offset() - member.key.begin_offset());
  }
  input_responses_ += '}';
}

bool Exchange::may_still_call(std::string_view tool) {
  policy::Call call = policy_call(policy::Kind::tool, tool);
  call.category = caller_.server->tools().category(tool);
  return policy::listed(caller_.grant->policy.get(), call, worker_.scratch());
}

std::string Exchange::task_handle(json::Value server_id) const {
  if (!server_id.is(json::Type::string)) return {};
  const std::optional<std::string> handle = worker_.shared().tasks.handle(
      caller_.grant->grant->id, caller_.server->settings().name,
      caller_.session ? std::string_view(caller_.session->digest) : std::string_view{}, server_id.string());
  return handle.value_or(std::string());
}

std::string Exchange::new_task(json::Value server_id) {
  return worker_.shared().tasks.add({.handle = {},
                                     .grant = caller_.grant->grant->id,
                                     .server = caller_.server->settings().name,
                                     .session = caller_.session ? caller_.session->digest : std::string(),
                                     .server_id = std::string(server_id.string()),
                                     .tool = tool_,
                                     .open_keys = {}});
}

bool Exchange::name_related_task(json::Value meta, Splice& splice, std::string& handle_json) {
  const json::Value id = meta.find(kRelatedTask).find("taskId");
  if (!id) return true;
  const std::string handle = task_handle(id);
  if (handle.empty()) return false;
  handle_json.clear();
  json::append_string(handle_json, handle);
  splice.replace(id, handle_json);
  return true;
}

bool Exchange::shape_task(const mcp::Message& message, Splice& splice) {
  const json::Value result = message.result;
  const json::Value task = result.find("task");
  const json::Value id = task.is(json::Type::object) ? task.find("taskId") : result.find("taskId");
  std::string handle;
  if (method_ == mcp::Method::tools_call) {
    if (!id.is(json::Type::string) || id.string().empty()) return false;
    handle = new_task(id);
  } else {
    // Of a task it was asked about, the server may speak of no other one.
    if (id && (!id.is(json::Type::string) || id.string() != task_)) return false;
    handle = asked_;
  }
  scratch_.clear();
  json::append_string(scratch_, handle);
  splice.replace(id, scratch_);
  if (const json::Value related = message.meta.find(kRelatedTask).find("taskId")) {
    if (!related.is(json::Type::string) || related.string() != (id ? id.string() : std::string_view(task_))) {
      return false;
    }
    splice.replace(related, scratch_);
  }
  const json::Value asked = result.find("inputRequests");
  if (const std::string_view what = forbidden_input(asked); !what.empty()) {
    refuse_question(what);
    return true;
  }
  std::vector<std::string> keys;
  for (const json::Member member : asked.members()) keys.emplace_back(member.key.string());
  if (mcp::era_of(caller_.revision) == mcp::Era::modern) {
    worker_.shared().tasks.set_open_keys(handle, std::move(keys));
  }
  return true;
}

bool Exchange::filter_tasks(std::string_view text, const mcp::Message& message) {
  const json::Value list = message.result.find("tasks");
  if (!list.is(json::Type::array)) return false;
  std::string own = "[";
  for (const json::Value task : list.elements()) {
    const json::Value id = task.find("taskId");
    const std::string handle = task_handle(id);
    if (handle.empty()) continue;
    if (own.size() > 1) own += ',';
    own += text.substr(task.begin_offset(), id.begin_offset() - task.begin_offset());
    json::append_string(own, handle);
    own += text.substr(id.end_offset(), task.end_offset() - id.end_offset());
  }
  own += ']';
  Splice splice(text);
  splice.replace(message.id, client_id_);
  splice.replace(list, own);
  for (std::string_view piece : splice.pieces()) answer_ += piece;
  return true;
}

}  // namespace doorward::gateway
