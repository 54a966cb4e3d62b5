#include "mcp/to_modern.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include "json/writer.h"
#include "mcp/header_mirror.h"

namespace doorward::mcp {
namespace {

using json::Type;
using json::Value;
using json::Writer;

constexpr std::string_view kResourceNotFound = "-32002";
constexpr std::string_view kUrlElicitationRequired = "-32042";
constexpr std::array<std::string_view, 8> kLevels = {"debug", "info",     "notice", "warning",
                                                     "error", "critical", "alert",  "emergency"};

using Names = std::span<const std::string_view>;
/// Keys of a request's `_meta` that describe a modern client.
constexpr std::array kOfModern = {kMetaProtocolVersion, kMetaClientInfo, kMetaClientCapabilities,
                                  kMetaLogLevel};
constexpr std::array kOfModernRequest = {std::string_view("_meta"), std::string_view("inputResponses"),
                                         std::string_view("requestState")};
/// Members of a question that a modern client has no use for.
constexpr std::array kOfLegacy = {std::string_view("_meta"), std::string_view("task"),
                                  std::string_view("elicitationId")};
/// Members of a result that have a meaning in the modern era only, `tools` aside.
constexpr std::array kShaped = {std::string_view("resultType"),    std::string_view("ttlMs"),
                                std::string_view("cacheScope"),    std::string_view("_meta"),
                                std::string_view("inputRequests"), std::string_view("requestState"),
                                std::string_view("tools")};
constexpr std::array kNotOffered = {std::string_view("tasks"), std::string_view("extensions")};
constexpr std::array kExecution = {std::string_view("execution")};
constexpr std::array kMeta = {std::string_view("_meta")};
constexpr std::array kServerInfo = {kMetaServerInfo};
constexpr std::array kCode = {std::string_view("code")};
constexpr std::array kResultType = {std::string_view("resultType")};

std::string_view bytes_of(std::string_view text, Value value) {
  return text.substr(value.begin_offset(), value.end_offset() - value.begin_offset());
}

bool is_one_of(std::string_view name, Names names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Writes the members of an object, byte for byte, but for those of these names.
void copy_members(Writer& writer, std::string_view text, Value object, Names without) {
  for (const json::Member member : object.members()) {
    if (is_one_of(member.key.string(), without)) continue;
    writer.key(member.key.string()).raw(bytes_of(text, member.value));
  }
}

bool has_other_members(Value object, Names names) {
  const Value::Members members = object.members();
  return std::any_of(members.begin(), members.end(),
                     [&](const json::Member& member) { return !is_one_of(member.key.string(), names); });
}

bool is_cacheable(Method method) {
  return !list_member(method).empty() || method == Method::resources_read;
}

void write_uncached(Writer& writer) {
  writer.key("ttlMs").number(0).key("cacheScope").string("private");
}

Writer begin_message(std::string& out, std::string_view id) {
  Writer writer(out);
  writer.begin_object().key("jsonrpc").string("2.0").key("id").raw(id);
  return writer;
}

void write_questions(Writer& writer, const std::vector<Question>& questions) {
  writer.key("inputRequests").begin_object();
  for (const Question& question : questions) {
    writer.key(question.key).begin_object().key("method").string(question.method);
    if (!question.params.empty()) writer.key("params").raw(question.params);
    writer.end_object();
  }
  writer.end_object();
}

}  // namespace

std::optional<Introduction> read_introduction(std::string_view text, Value result) {
  const Value capabilities = result.find("capabilities");
  if (!capabilities.is(Type::object)) return std::nullopt;
  Introduction server;
  Writer writer(server.capabilities);
  writer.begin_object();
  copy_members(writer, text, capabilities, kNotOffered);
  writer.end_object();
  if (const Value info = result.find("serverInfo"); info.is(Type::object)) server.info = bytes_of(text, info);
  if (const Value words = result.find("instructions"); words.is(Type::string)) {
    server.instructions = bytes_of(text, words);
  }
  const auto says = [&](std::string_view member, std::string_view what) {
    const Value value = capabilities.find(member).find(what);
    return value.is(Type::boolean) && value.boolean();
  };
  server.logs = capabilities.find("logging").is(Type::object);
  server.tools_change = says("tools", "listChanged");
  server.prompts_change = says("prompts", "listChanged");
  server.resources_change = says("resources", "listChanged");
  server.resources_update = says("resources", "subscribe");
  return server;
}

void append_legacy_request(std::string& out, std::string_view text, const Message& request) {
  Writer writer = begin_message(out, bytes_of(text, request.id));
  writer.key("method").string(request.method_name).key("params").begin_object();
  copy_members(writer, text, request.params, kOfModernRequest);
  if (has_other_members(request.meta, kOfModern)) {
    writer.key("_meta").begin_object();
    copy_members(writer, text, request.meta, kOfModern);
    writer.end_object();
  }
  writer.end_object().end_object();
}

void append_discover_result(std::string& out, std::string_view id, const Introduction& server) {
  Writer writer = begin_message(out, id);
  writer.key("result").begin_object().key("resultType").string("complete");
  writer.key("supportedVersions").begin_array();
  for (const Revision revision : kServedRevisions) writer.string(to_string(revision));
  writer.end_array().key("capabilities").raw(server.capabilities);
  if (!server.instructions.empty()) writer.key("instructions").raw(server.instructions);
  if (!server.info.empty()) {
    writer.key("_meta").begin_object().key(kMetaServerInfo).raw(server.info).end_object();
  }
  write_uncached(writer);
  writer.end_object().end_object();
}

void append_modern_result(std::string& out, std::string_view text, const Message& answer, Method method,
                          std::string_view id, std::string_view server_info) {
  const Value result = answer.result;
  Writer writer = begin_message(out, id);
  writer.key("result").begin_object().key("resultType").string("complete");
  const Value tools = method == Method::tools_list ? result.find("tools") : Value();
  copy_members(writer, text, result, Names(kShaped).first(kShaped.size() - (tools.is(Type::array) ? 0 : 1)));
  if (tools.is(Type::array)) {
    writer.key("tools").begin_array();
    for (const Value tool : tools.elements()) {
      if (!tool.find("execution")) {
        writer.raw(bytes_of(text, tool));
        continue;
      }
      writer.begin_object();
      copy_members(writer, text, tool, kExecution);
      writer.end_object();
    }
    writer.end_array();
  }
  if (is_cacheable(method)) write_uncached(writer);
  if (!server_info.empty() || has_other_members(answer.meta, kServerInfo)) {
    writer.key("_meta").begin_object();
    copy_members(writer, text, answer.meta, kServerInfo);
    if (!server_info.empty()) writer.key(kMetaServerInfo).raw(server_info);
    writer.end_object();
  }
  writer.end_object().end_object();
}

void append_modern_error(std::string& out, std::string_view text, const Message& answer,
                         std::string_view id) {
  const std::string_view code = answer.error.find("code").number();
  Writer writer = begin_message(out, id);
  writer.key("error").begin_object().key("code");
  writer.raw(code == kResourceNotFound ? "-32602" : code == kUrlElicitationRequired ? "-32603" : code);
  copy_members(writer, text, answer.error, kCode);
  writer.end_object().end_object();
}

std::string question_params(std::string_view text, Value params) {
  std::string out;
  if (!has_other_members(params, kOfLegacy)) return out;
  Writer writer(out);
  writer.begin_object();
  copy_members(writer, text, params, kOfLegacy);
  writer.end_object();
  return out;
}

std::vector<Question> url_questions(std::string_view text, Value error) {
  std::vector<Question> questions;
  if (!error.find("code").is(Type::number) || error.find("code").number() != kUrlElicitationRequired) {
    return questions;
  }
  for (const Value each : error.find("data").find("elicitations").elements()) {
    if (!each.find("url").is(Type::string) || !each.find("message").is(Type::string)) return {};
    const Value mode = each.find("mode");
    if (mode && !(mode.is(Type::string) && mode.string() == "url")) return {};
    questions.push_back({.key = "url-" + std::to_string(questions.size() + 1),
                         .method = std::string(to_string(Method::elicitation_create)),
                         .params = question_params(text, each)});
  }
  return questions;
}

void append_input_required(std::string& out, std::string_view id, const std::vector<Question>& questions,
                           std::string_view state) {
  Writer writer = begin_message(out, id);
  writer.key("result").begin_object().key("resultType").string("input_required");
  write_questions(writer, questions);
  if (!state.empty()) writer.key("requestState").string(state);
  writer.end_object().end_object();
}

void append_client_result(std::string& out, std::string_view text, Value response, std::string_view id) {
  Writer writer = begin_message(out, id);
  writer.key("result").begin_object();
  copy_members(writer, text, response, kResultType);
  writer.end_object().end_object();
}

void append_tagged(std::string& out, Method method, std::string_view text, Value params,
                   std::string_view subscription) {
  Writer writer(out);
  writer.begin_object().key("jsonrpc").string("2.0").key("method").string(to_string(method));
  writer.key("params").begin_object();
  copy_members(writer, text, params, kMeta);
  writer.key("_meta").begin_object().key(kMetaSubscriptionId).raw(subscription).end_object();
  writer.end_object().end_object();
}

std::optional<unsigned> log_severity(std::string_view level) {
  const auto found = std::find(kLevels.begin(), kLevels.end(), level);
  if (found == kLevels.end()) return std::nullopt;
  return static_cast<unsigned>(found - kLevels.begin());
}

std::string_view log_level(unsigned severity) {
  return kLevels[severity];
}

}  // namespace doorward::mcp
