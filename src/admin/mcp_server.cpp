#include "admin/mcp_server.h"

#include <utility>

#include "admin/mcp_tools.h"
#include "json/canonical.h"
#include "json/reader.h"
#include "json/writer.h"

namespace doorward::admin {
namespace {

constexpr std::string_view kInfo =
    R"({"name":"doorward","title":"Doorward control plane","version":")" DOORWARD_VERSION R"("})";
constexpr std::string_view kCapabilities = R"({"tools":{}})";
constexpr std::string_view kInstructions =
    "The control plane of the policy gateway that these calls go through: API keys, policies, approvals, the log. Keys "
    "are named by their numeric ID. What deletes shows a preview first, and acts with confirm: true.";
constexpr std::size_t kAnswerBytes = 20u << 20;

std::string definitions() {
  std::string tools = "[";
  for (const McpTool& tool : mcp_tools()) {
    if (tools.size() > 1) tools += ',';
    tools += tool.definition;
  }
  return tools + "]";
}

/// What a tool answers with: `{"ok":...}` as structured content, and the same as text for older clients.
std::string tool_result(bool modern, std::string_view outcome, bool ok) {
  std::string text;
  json::Writer out(text);
  mcp::begin_result(out, modern);
  out.key("content").begin_array().begin_object().key("type").string("text").key("text").string(outcome);
  out.end_object().end_array();
  out.key("structuredContent").raw(outcome);
  if (!ok) out.key("isError").boolean(true);
  mcp::end_result(out, modern, kInfo, false);
  return text;
}

std::string failed(std::string_view kind, std::string_view message) {
  std::string text;
  json::Writer(text)
      .begin_object()
      .key("ok")
      .boolean(false)
      .key("error")
      .begin_object()
      .key("kind")
      .string(kind)
      .key("message")
      .string(message)
      .end_object()
      .end_object();
  return text;
}

/// The outcome of a call from the operation's answer; `arguments` as JSON.
std::pair<std::string, bool> outcome_of(const McpTool& tool, const std::string& arguments, const Answer& answer) {
  if (!answer) return {failed(to_string(answer.error().error.kind), answer.error().error.message), false};
  json::Reader answers;
  json::Reader asked;
  const auto result = answers.read(*answer, {.bytes = kAnswerBytes});
  const auto members = asked.read(arguments, {.bytes = kAnswerBytes});
  if (!result || !members) return {failed("corrupt", "The gateway gave no answer."), false};
  std::string outcome;
  json::Writer out(outcome);
  out.begin_object().key("ok").boolean(true).key("data");
  tool.data(out, *members, *result);
  out.end_object();
  return {std::move(outcome), true};
}

/// What the schemas of all these tools say: members that they name and no other.
bool takes(const McpTool& tool, json::Value arguments, std::string& problem) {
  json::Reader reader;
  const auto definition = reader.read(tool.definition);
  const json::Value schema = definition->find("inputSchema");
  for (const json::Member member : arguments.members()) {
    if (schema.find("properties").find(member.key.string())) continue;
    problem = "There is no argument \"" + std::string(member.key.string()) + "\".";
    return false;
  }
  for (const json::Value name : schema.find("required").elements()) {
    if (arguments.find(name.string())) continue;
    problem = "The argument \"" + std::string(name.string()) + "\" is missing.";
    return false;
  }
  return true;
}

}  // namespace

McpServer::McpServer(io::Loop& control, Serve serve)
    : control_(control), serve_(std::move(serve)), self_{kInfo, kCapabilities, kInstructions, definitions()} {}

void McpServer::ask(std::string json, std::string grant, io::Loop& loop, Done answer) {
  control_.post(
      [this, json = std::move(json), grant = std::move(grant), &loop, done = std::move(answer)]() mutable {
        this->answer(json, grant, [&loop, done = std::move(done)](std::string text) mutable {
          loop.post([done = std::move(done), text = std::move(text)]() mutable { done(std::move(text)); });
        });
      });
}

void McpServer::answer(const std::string& json, const std::string& grant, Done done) {
  json::Reader reader;
  const auto root = reader.read(json, {.bytes = kAnswerBytes});
  const auto request = root ? mcp::read_message(*root, mcp::Sender::client) : std::unexpected(mcp::Refusal{});
  if (!request || request->kind != mcp::Kind::request) {
    return done(mcp::error_answer({}, json, mcp::ErrorCode::invalid_request, "This is no request."));
  }
  if (request->method == mcp::Method::tools_call) return call_tool(json, *request, grant, std::move(done));
  std::string result;
  json::Writer out(result);
  mcp::begin_result(out, mcp::describes_itself(*request));
  if (!mcp::write_common_result(out, self_, *request)) {
    return done(mcp::error_answer(request->id, json, mcp::ErrorCode::method_not_found, "Method not found"));
  }
  mcp::end_result(out, mcp::describes_itself(*request), kInfo, true);
  done(mcp::result_answer(request->id, json, result));
}

void McpServer::call_tool(const std::string& json, const mcp::Message& request, const std::string& grant,
                          Done done) {
  const std::string name(text_of(request.params, "name"));
  const McpTool* tool = find_mcp_tool(name);
  if (tool == nullptr) {
    return done(
        mcp::error_answer(request.id, json, mcp::ErrorCode::invalid_params, "Unknown tool: " + name));
  }
  const bool modern = mcp::describes_itself(request);
  json::Reader none;
  json::Value arguments = request.params.find("arguments");
  if (!arguments) arguments = *none.read("{}");
  std::string problem;
  std::string line;
  json::Writer out(line);
  if (takes(*tool, arguments, problem)) {
    out.begin_object().key("op").string(tool->operation(arguments));
    problem = tool->members(out, arguments);
    out.end_object();
  }
  if (!problem.empty()) {
    return done(mcp::result_answer(request.id, json, tool_result(modern, failed("invalid", problem), false)));
  }
  std::string asked;
  json::Canonical().append(arguments, asked);
  std::string id(json, request.id.begin_offset(), request.id.end_offset() - request.id.begin_offset());
  const identity::Actor actor{.name = "grant:" + grant, .roles = tool->roles};
  serve_(std::move(line), actor,
         [tool, modern, asked = std::move(asked), id = std::move(id), done = std::move(done)](
             const Answer& answer) mutable {
           const auto [outcome, ok] = outcome_of(*tool, asked, answer);
           done(R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":)" + tool_result(modern, outcome, ok) + "}");
         });
}

}  // namespace doorward::admin
