#include <gtest/gtest.h>

#include <string>

#include "base/count_allocations.h"
#include "json/reader.h"
#include "mcp/denial.h"
#include "mcp/envelope.h"
#include "mcp/header_mirror.h"
#include "mcp/line_framer.h"
#include "mcp/sse.h"

namespace doorward::mcp {
namespace {

TEST(Allocation, NoneOnceWarm) {
  const std::string text =
      R"({"jsonrpc":"2.0","id":"call-1","method":"tools/call","params":{"name":"read_file","arguments":{"path":"/tmp/x"},)"
      R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},)"
      R"("progressToken":7}}})";
  const MirrorHeaders headers{{"2026-07-28", 1}, {"tools/call", 1}, {"read_file", 1}};
  const std::string stream = "id: 1\r\nevent: message\r\ndata: " + text + "\r\n\r\n";
  json::Reader reader;
  SseReader sse(1 << 20);
  LineFramer framer(1 << 20);
  std::string lines;
  std::string answer;
  const auto work = [&] {
    const auto message = read_message(*reader.read(text), Sender::client);
    bool good = message && !check_method(*message, Revision::v2026_07_28, Sender::client) &&
                check_modern(*message, &headers).has_value();
    lines.clear();
    append_mirror_lines(lines, *message, Revision::v2026_07_28);
    answer.clear();
    append_denial(answer, "1", Era::modern, "no", {.id = "dec_1", .code = "tool_denied"});
    for (std::size_t at = 0; at < stream.size(); at += 50) {
      std::string_view rest = std::string_view(stream).substr(at, 50);
      while (sse.next(rest) == SseReader::Step::event) good = good && sse.event().data == text;
      std::string_view piece = std::string_view(stream).substr(at, 50);
      std::string_view line;
      while (framer.next(piece, line) == LineFramer::Step::line) good = good && !line.empty();
    }
    return good;
  };
  EXPECT_TRUE(work());
  const std::size_t before = test::allocations;
  EXPECT_TRUE(work());
  EXPECT_EQ(test::allocations - before, 0u);
}

}  // namespace
}  // namespace doorward::mcp
