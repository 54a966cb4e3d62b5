#include "gateway/tool_lister.h"

#include "gateway/splice.h"
#include "gateway/worker.h"
#include "json/writer.h"
#include "mcp/own_meta.h"

namespace doorward::gateway {
namespace {

/// The capabilities of a client that can do all that the server may ask: some servers list fewer tools to
/// others.
std::string allowed_capabilities(const upstream::ProtocolSettings& allowed) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  if (allowed.elicitation) writer.key("elicitation").raw(R"({"form":{},"url":{}})");
  if (allowed.roots) writer.key("roots").raw("{}");
  if (allowed.sampling) writer.key("sampling").raw(R"({"context":{},"tools":{}})");
  writer.end_object();
  return out;
}

}  // namespace

ToolLister::~ToolLister() {
  if (ticket_ != nullptr) ticket_->cancel();
}

void ToolLister::ask(std::string_view cursor_json) {
  if (pages_++ == 0) link_.tools().begin();
  answered_ = false;
  next_.clear();
  number_ = worker_.next_number();
  std::string json =
      R"({"jsonrpc":"2.0","id":)" + std::to_string(number_) + R"(,"method":"tools/list","params":{)";
  if (!cursor_json.empty()) {
    json += "\"cursor\":";
    json += cursor_json;
  }
  std::string lines;
  if (mcp::era_of(revision_) == mcp::Era::modern) {
    if (!cursor_json.empty()) json += ',';
    json += "\"_meta\":";
    mcp::append_own_meta(json, revision_, allowed_capabilities(link_.settings().protocol));
    lines.append("MCP-Protocol-Version: ").append(mcp::to_string(revision_));
    lines += "\r\nMcp-Method: tools/list\r\n";
  }
  json += "}}";
  const std::string_view piece = json;
  Outgoing message;
  message.id = number_;
  message.json = {&piece, 1};
  message.session = session_;
  message.revision = revision_;
  message.mirror_lines = lines;
  message.method = mcp::Method::tools_list;
  message.grant = grant_;
  const Result<upstream::Ticket*> sent = link_.send(message, *this);
  if (!sent) return done(false);
  ticket_ = *sent;
}

void ToolLister::on_message(std::string_view text) {
  json::Limits limits;
  limits.bytes = link_.settings().result_bytes;
  const auto root = worker_.answer_reader().read(text, limits);
  if (!root) {
    failed_ = true;
    return;
  }
  const auto message = mcp::read_message(*root, mcp::Sender::server);
  if (!message || message->kind == mcp::Kind::error) {
    failed_ = true;
    return;
  }
  if (message->kind != mcp::Kind::result || answered_) return;
  answered_ = true;
  if (!message->result.find("tools").is(json::Type::array)) {
    failed_ = true;
    return;
  }
  link_.tools().take(message->result);
  const json::Value cursor = message->result.find("nextCursor");
  if (cursor.is(json::Type::string)) next_ = bytes_of_value(text, cursor);
}

void ToolLister::on_end() {
  ticket_ = nullptr;
  if (!answered_ || failed_) return done(false);
  if (next_.empty()) return done(true);
  if (pages_ >= kMostPages || !cursors_.insert(next_).second) {
    worker_.record_event("upstream.protocol_error", {{"server", link_.settings().name},
                                                     {"reason", "the pages of tools/list do not end"}});
    return done(false);
  }
  const std::string cursor = next_;
  ask(cursor);
}

void ToolLister::on_failure(const upstream::Failure& failure) {
  link_.list_failed(failure.kind, failure.detail);
  ticket_ = nullptr;
  done(false);
}

void ToolLister::session_gone(const Session& session) {
  if (&session != session_) return;
  if (ticket_ != nullptr) ticket_->cancel();
  ticket_ = nullptr;
  done(false);
}

void ToolLister::done(bool ok) {
  if (ok) link_.tools().finish();
  link_.tools_listed(ok);  // destroys this
}

}  // namespace doorward::gateway
