#include "mcp/denial.h"

#include "json/writer.h"

namespace doorward::mcp {

namespace {

json::Writer begin_answer(std::string& out, std::string_view id) {
  json::Writer writer(out);
  writer.begin_object().key("jsonrpc").string("2.0").key("id").raw(id.empty() ? "null" : id);
  return writer;
}

}  // namespace

void append_denial(std::string& out, std::string_view id, Era era, std::string_view text,
                   const DecisionMeta& meta) {
  json::Writer writer = begin_answer(out, id);
  writer.key("result").begin_object();
  if (era == Era::modern) writer.key("resultType").string("complete");
  writer.key("content").begin_array().begin_object().key("type").string("text").key("text").string(text);
  writer.end_object().end_array().key("isError").boolean(true);
  writer.key("_meta").begin_object().key("io.doorward/decision").begin_object();
  writer.key("id").string(meta.id).key("code").string(meta.code);
  if (!meta.rule.empty()) writer.key("rule").string(meta.rule);
  if (!meta.retry.empty()) writer.key("retry").string(meta.retry);
  if (meta.retry_after_s != 0) writer.key("retry_after_s").number(meta.retry_after_s);
  writer.end_object().end_object().end_object().end_object();
}

void append_error(std::string& out, std::string_view id, ErrorCode code, std::string_view message,
                  std::string_view data) {
  json::Writer writer = begin_answer(out, id);
  writer.key("error")
      .begin_object()
      .key("code")
      .number(static_cast<int>(code))
      .key("message")
      .string(message);
  if (!data.empty()) writer.key("data").raw(data);
  writer.end_object().end_object();
}

void append_refusal(std::string& out, const Refusal& refusal, std::string_view text) {
  const std::size_t begin = refusal.id ? refusal.id.begin_offset() : 0;
  const std::size_t end = refusal.id ? refusal.id.end_offset() : 0;
  append_error(out, text.substr(begin, end - begin), refusal.code, refusal.message, refusal.data);
}

void append_unknown_tool(std::string& out, std::string_view id, std::string_view name) {
  std::string message = "Unknown tool: ";
  message += name;
  append_error(out, id, ErrorCode::invalid_params, message);
}

void append_result(std::string& out, std::string_view id, std::string_view result) {
  begin_answer(out, id).key("result").raw(result).end_object();
}

}  // namespace doorward::mcp
