// Whatever is taken as a message keeps the promises of Message, and every refusal can be answered with valid
// JSON that carries the id.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "json/reader.h"
#include "mcp/denial.h"
#include "mcp/envelope.h"
#include "mcp/header_mirror.h"
#include "mcp/param_mirror.h"

namespace {

using namespace doorward;
using namespace doorward::mcp;

void must(bool holds) {
  if (!holds) std::abort();
}

void check_promises(const Message& message, Sender sender) {
  const bool call = message.kind == Kind::request || message.kind == Kind::notification;
  must(call == !message.method_name.empty() || message.method == Method::unknown);
  must(message.kind != Kind::request || message.id);
  must(message.kind != Kind::notification || !message.id);
  must(message.kind != Kind::result || (message.id && message.result.is(json::Type::object)));
  must(message.kind != Kind::error || message.error.is(json::Type::object));
  must(message.id || message.kind == Kind::notification || sender == Sender::server);
  must(!message.params || message.params.is(json::Type::object));
  must(!message.meta || message.meta.is(json::Type::object));
  must(message.method == Method::unknown || to_string(message.method) == message.method_name);
}

void check_answer(const Refusal& refusal, std::string_view text) {
  std::string answer;
  append_refusal(answer, refusal, text);
  json::Reader reader;
  const auto root = reader.read(answer);
  must(root.has_value());
  const auto message = read_message(*root, Sender::server);
  must(message && message->kind == Kind::error);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const Revision revision = kRevisions[data[0] % kRevisions.size()];
  const Sender sender = data[0] & 0x80 ? Sender::server : Sender::client;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  static json::Reader reader;
  const auto root = reader.read(text);
  if (!root) {
    check_answer(refuse_text(root.error()), text);
    return 0;
  }
  const auto message = read_message(*root, sender);
  if (!message) {
    check_answer(message.error(), text);
    return 0;
  }
  check_promises(*message, sender);
  if (const auto refusal = check_method(*message, revision, sender)) check_answer(*refusal, text);
  if (const auto modern = check_modern(*message, nullptr); !modern) check_answer(modern.error(), text);
  std::string lines;
  append_mirror_lines(lines, *message, revision);
  if (const auto mirror = ParamMirror::compile(message->params.find("arguments"))) {
    mirror->append_lines(lines, message->params.find("arguments"));
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i] == '\n') must(i > 0 && lines[i - 1] == '\r');
    must(lines[i] == '\r' || lines[i] == '\n' || (lines[i] >= 0x20 && lines[i] < 0x7F));
  }
  return 0;
}
