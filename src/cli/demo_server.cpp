#include "cli/demo_server.h"

#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "mcp/line_framer.h"
#include "mcp/own_server.h"

namespace doorward::cli {
namespace {

constexpr std::size_t kLineBytes = 4u << 20;
constexpr std::string_view kServerInfo =
    R"({"name":"doorward-demo","title":"Doorward demo","version":")" DOORWARD_VERSION R"("})";
constexpr std::string_view kCapabilities = R"({"tools":{},"resources":{},"prompts":{}})";
constexpr std::string_view kInstructions =
    "A demo: notes that are forgotten when the process ends, and refunds that nobody receives.";

constexpr std::string_view kTools = R"([
{"name":"create_note","title":"Create a note","description":"Writes a note and gives its id.","inputSchema":{"type":"object","properties":{"title":{"type":"string","description":"One line"},"text":{"type":"string"}},"required":["title","text"],"additionalProperties":false},"annotations":{"readOnlyHint":false,"destructiveHint":false,"idempotentHint":false,"openWorldHint":false}},
{"name":"create_refund","title":"Create a refund","description":"Pays money back to a customer.","inputSchema":{"type":"object","properties":{"amount":{"type":"number","description":"In euros"},"reason":{"type":"string"}},"required":["amount"],"additionalProperties":false},"annotations":{"readOnlyHint":false,"destructiveHint":true,"idempotentHint":false,"openWorldHint":true}},
{"name":"delete_note","title":"Delete a note","description":"Removes a note for good.","inputSchema":{"type":"object","properties":{"id":{"type":"string"}},"required":["id"],"additionalProperties":false},"annotations":{"readOnlyHint":false,"destructiveHint":true,"idempotentHint":true,"openWorldHint":false}},
{"name":"list_notes","title":"List notes","description":"Gives the id and the title of every note.","inputSchema":{"type":"object","properties":{},"additionalProperties":false},"annotations":{"readOnlyHint":true,"openWorldHint":false}},
{"name":"read_note","title":"Read a note","description":"Gives the text of a note.","inputSchema":{"type":"object","properties":{"id":{"type":"string"}},"required":["id"],"additionalProperties":false},"annotations":{"readOnlyHint":true,"openWorldHint":false}}
])";
constexpr std::string_view kResource =
    R"({"uri":"demo://about","name":"about","title":"About this server","mimeType":"text/plain"})";
constexpr std::string_view kPrompt =
    R"({"name":"summarise_notes","title":"Summarise the notes","description":"Asks for a summary of all notes."})";

/// The part of a result that a tool answers with: one text block.
void write_text(json::Writer& out, std::string_view text, bool is_error = false) {
  out.key("content")
      .begin_array()
      .begin_object()
      .key("type")
      .string("text")
      .key("text")
      .string(text)
      .end_object();
  out.end_array();
  if (is_error) out.key("isError").boolean(true);
}

const mcp::OwnServer kSelf = {kServerInfo, kCapabilities, kInstructions, mcp::one_line(kTools)};

}  // namespace

DemoServer::DemoServer()
    : notes_({{"1", {"Groceries", "Bread, milk, apples."}},
              {"2", {"Ideas", "A gateway that says why it refuses."}}}) {}

std::string DemoServer::answer(std::string_view line) {
  const auto root = reader_.read(line);
  if (!root) return mcp::error_answer({}, line, mcp::ErrorCode::parse_error, root.error().message);
  const auto message = mcp::read_message(*root, mcp::Sender::client);
  if (!message) {
    if (message.error().notification) return {};
    return mcp::error_answer(message.error().id, line, message.error().code, message.error().message);
  }
  if (message->kind != mcp::Kind::request) return {};
  const std::string result = serve(*message);
  if (result.empty()) {
    const bool unknown = problem_.empty();
    return mcp::error_answer(message->id, line,
                             unknown ? mcp::ErrorCode::method_not_found : mcp::ErrorCode::invalid_params,
                             unknown ? "Method not found" : problem_);
  }
  return mcp::result_answer(message->id, line, result);
}

std::string DemoServer::serve(const mcp::Message& message) {
  const bool modern = mcp::describes_itself(message);
  problem_.clear();
  std::string out;
  json::Writer writer(out);
  mcp::begin_result(writer, modern);
  bool done = mcp::write_common_result(writer, kSelf, message);
  bool cached = done;
  switch (message.method) {
    case mcp::Method::tools_call:
      done = call_tool(writer, message.params);
      break;
    case mcp::Method::resources_list:
      writer.key("resources").begin_array().raw(kResource).end_array();
      done = cached = true;
      break;
    case mcp::Method::resources_templates_list:
      writer.key("resourceTemplates").begin_array().end_array();
      done = cached = true;
      break;
    case mcp::Method::resources_read:
      done = cached = read_resource(writer, message.params);
      break;
    case mcp::Method::prompts_list:
      writer.key("prompts").begin_array().raw(kPrompt).end_array();
      done = cached = true;
      break;
    case mcp::Method::prompts_get:
      done = get_prompt(writer, message.params);
      break;
    default:
      break;
  }
  if (!done) return {};
  mcp::end_result(writer, modern, kServerInfo, cached);
  return out;
}

bool DemoServer::refuse(std::string problem) {
  problem_ = std::move(problem);
  return false;
}

bool DemoServer::call_tool(json::Writer& out, json::Value params) {
  const std::string_view name = text_of(params, "name");
  const json::Value args = params.find("arguments");
  if (name == "list_notes") return list_notes(out);
  if (name == "read_note") return read_note(out, args);
  if (name == "create_note") return create_note(out, args);
  if (name == "delete_note") return delete_note(out, args);
  if (name == "create_refund") return create_refund(out, args);
  return refuse("Unknown tool: " + std::string(name));
}

bool DemoServer::list_notes(json::Writer& out) {
  std::string text;
  for (const auto& [id, note] : notes_) text += id + ": " + note.title + "\n";
  write_text(out, text.empty() ? "There are no notes." : text);
  return true;
}

bool DemoServer::read_note(json::Writer& out, json::Value args) {
  const auto note = notes_.find(text_of(args, "id"));
  if (note == notes_.end()) {
    write_text(out, "There is no such note.", true);
  } else {
    write_text(out, note->second.title + "\n\n" + note->second.text);
  }
  return true;
}

bool DemoServer::create_note(json::Writer& out, json::Value args) {
  const json::Value title = args.find("title");
  const json::Value text = args.find("text");
  if (!title.is(json::Type::string) || !text.is(json::Type::string)) {
    write_text(out, "A note needs a title and a text.", true);
    return true;
  }
  const std::string id = std::to_string(next_note_++);
  notes_[id] = {std::string(title.string()), std::string(text.string())};
  write_text(out, "Note " + id + " was written.");
  return true;
}

bool DemoServer::delete_note(json::Writer& out, json::Value args) {
  const auto note = notes_.find(text_of(args, "id"));
  if (note == notes_.end()) {
    write_text(out, "There is no such note.", true);
    return true;
  }
  write_text(out, "Note " + note->first + " was deleted.");
  notes_.erase(note);
  return true;
}

bool DemoServer::create_refund(json::Writer& out, json::Value args) {
  const json::Value amount = args.find("amount");
  if (!amount.is(json::Type::number) || amount.number().starts_with('-')) {
    write_text(out, "A refund needs an amount of zero or more.", true);
    return true;
  }
  write_text(out, "Refund " + std::to_string(++refunds_) + " of " + std::string(amount.number()) +
                      " euros was paid.");
  return true;
}

bool DemoServer::read_resource(json::Writer& out, json::Value params) {
  if (text_of(params, "uri") != "demo://about") return refuse("Resource not found");
  out.key("contents").begin_array().begin_object().key("uri").string("demo://about");
  out.key("mimeType").string("text/plain").key("text").string(kInstructions).end_object().end_array();
  return true;
}

bool DemoServer::get_prompt(json::Writer& out, json::Value params) {
  if (text_of(params, "name") != "summarise_notes")
    return refuse("Unknown prompt: " + std::string(text_of(params, "name")));
  out.key("messages").begin_array().begin_object().key("role").string("user").key("content").begin_object();
  out.key("type").string("text").key("text").string(
      "List all notes, read each, and summarise them in three lines.");
  out.end_object().end_object().end_array();
  return true;
}

int run_demo_server() {
  DemoServer server;
  mcp::LineFramer framer(kLineBytes);
  char buffer[65536];
  for (;;) {
    const ssize_t got = read(STDIN_FILENO, buffer, sizeof(buffer));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got == 0 ? 0 : 1;
    std::string_view bytes(buffer, static_cast<std::size_t>(got));
    std::string_view line;
    mcp::LineFramer::Step step;
    while ((step = framer.next(bytes, line)) == mcp::LineFramer::Step::line) {
      std::string answer = server.answer(line);
      if (answer.empty()) continue;
      answer += '\n';
      for (std::string_view rest = answer; !rest.empty();) {
        const ssize_t put = write(STDOUT_FILENO, rest.data(), rest.size());
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return 1;
        rest.remove_prefix(static_cast<std::size_t>(put));
      }
    }
    if (step == mcp::LineFramer::Step::too_large) return 1;
  }
}

}  // namespace doorward::cli
