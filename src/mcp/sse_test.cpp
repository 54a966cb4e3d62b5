#include "mcp/sse.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "mcp/test_sse_reference.h"

namespace doorward::mcp {
namespace {

using std::string_literals::operator""s;
using testing::Event;
using testing::parse_in_pieces;
using testing::parse_slowly;

std::vector<Event> whole(const std::string& stream) {
  return parse_in_pieces(stream, stream.size(), 1);
}

TEST(Sse, T107_Fields) {
  EXPECT_EQ(whole("data: {\"a\":1}\n\n"), (std::vector<Event>{{"message", "{\"a\":1}", "", -1}}));
  EXPECT_EQ(whole("event: endpoint\ndata: /x\nid: 7\nretry: 1500\n\n"),
            (std::vector<Event>{{"endpoint", "/x", "7", 1500}}));
  EXPECT_EQ(whole("data\n\n"), (std::vector<Event>{{"message", "", "", -1}}));
  EXPECT_EQ(whole("id: 1\ndata:\n\ndata: x\n\n"),
            (std::vector<Event>{{"message", "", "1", -1}, {"message", "x", "1", -1}}));
  EXPECT_EQ(whole("data:  two\n\n"), (std::vector<Event>{{"message", " two", "", -1}}));
  EXPECT_EQ(whole("data: a\ndata: b\ndata\n\n"), (std::vector<Event>{{"message", "a\nb\n", "", -1}}));
  EXPECT_EQ(whole("event: x\n\ndata: y\n\n"), (std::vector<Event>{{"message", "y", "", -1}}));
  EXPECT_EQ(whole("Data: a\nfoo: b\ndata : c\n\n"), std::vector<Event>{});
  EXPECT_EQ(whole("id: a\0b\nretry: -1\nretry: 1x\nretry:\ndata: z\n\n"s),
            (std::vector<Event>{{"message", "z", "", -1}}));
  EXPECT_EQ(whole("data: never ended\n"), std::vector<Event>{});
}

TEST(Sse, T108_TheSameEventsAtEverySplit) {
  const std::vector<std::string> streams = {
      "\xEF\xBB\xBF"
      "data: a\r\n\r\ndata: b\r\rdata: c\n\n",
      "data: a\rdata: b\r\ndata: c\n\r\n:comment\r\n\r\nid: 1\r\nevent: e\r\ndata: d\r\n\r\n",
      "\xEF\xBB"
      "data: a\n\ndata: b\n\n",
      "\xEF\xEF\xBB\xBF"
      "data: a\n\ndata: b\n\n",
      ":" + std::string(100, 'c') + "\r" + ":" + std::string(100, 'd') + "\n\ndata: " + std::string(50, 'x') +
          "\r\n\r\n",
      "\r\n\r\r\n\n\ndata: x\n\r",
      "retry: 10\n\ndata: x\n\nretry: 20\ndata: y\n\n"};
  for (const std::string& stream : streams) {
    const auto wanted = parse_slowly(stream);
    for (std::size_t first = 0; first <= stream.size(); ++first) {
      EXPECT_EQ(parse_in_pieces(stream, first, stream.size()), wanted) << first;
    }
    for (std::size_t step = 1; step < 5; ++step)
      EXPECT_EQ(parse_in_pieces(stream, step, step), wanted) << step;
  }
}

TEST(Sse, T108_CommentFloodCostsNoMemory) {
  SseReader reader(100);
  const std::string flood = ":" + std::string(1 << 16, 'x');
  for (int i = 0; i < 64; ++i) {
    std::string_view rest = flood;
    ASSERT_EQ(reader.next(rest), SseReader::Step::more);
  }
  std::string_view rest = "\ndata: x\n\n";
  ASSERT_EQ(reader.next(rest), SseReader::Step::event);
  EXPECT_EQ(reader.event().data, "x");
}

TEST(Sse, Bounds) {
  const auto step = [](const std::string& stream, std::size_t piece) {
    SseReader reader(10);
    SseReader::Step result = SseReader::Step::more;
    for (std::size_t at = 0; at < stream.size() && result == SseReader::Step::more; at += piece) {
      std::string_view rest = std::string_view(stream).substr(at, piece);
      result = reader.next(rest);
    }
    return result;
  };
  for (const std::size_t piece : {1, 3, 100}) {
    EXPECT_EQ(step("data: " + std::string(10, 'x') + "\n\n", piece), SseReader::Step::event);
    EXPECT_EQ(step("data: " + std::string(11, 'x') + "\n\n", piece), SseReader::Step::too_large);
    EXPECT_EQ(step("data: 12345\ndata: 6789\n\n", piece), SseReader::Step::event);
    EXPECT_EQ(step("data: 12345\ndata: 67890\n\n", piece), SseReader::Step::too_large);
    EXPECT_EQ(step(std::string(1000, 'x'), piece), SseReader::Step::too_large);
  }
  SseReader reader(10);
  std::string_view rest = "data: much too long a line for this\n\n";
  EXPECT_EQ(reader.next(rest), SseReader::Step::too_large);
  rest = "data: x\n\n";
  EXPECT_EQ(reader.next(rest), SseReader::Step::too_large) << "a failed stream stays failed";
  reader.reset();
  rest = "data: x\n\n";
  EXPECT_EQ(reader.next(rest), SseReader::Step::event);
}

TEST(Sse, Writing) {
  std::string out;
  append_sse_priming(out, "s1-0", 500);
  append_sse_message(out, "{\"a\":\r\n \"b\\n\"}", "s1-1");
  append_sse_keep_alive(out);
  append_sse_message(out, "{}");
  EXPECT_EQ(out, "id: s1-0\nretry: 500\ndata:\n\nid: s1-1\ndata: {\"a\":   \"b\\n\"}\n\n:\n\ndata: {}\n\n");
  EXPECT_EQ(whole(out), (std::vector<Event>{{"message", "", "s1-0", 500},
                                            {"message", "{\"a\":   \"b\\n\"}", "s1-1", -1},
                                            {"message", "{}", "s1-1", -1}}));
}

RC_GTEST_PROP(Sse, AgreesWithTheStandardWordByWord, (std::size_t step)) {
  const auto piece =
      rc::gen::element<std::string>("data", "event", "id", "retry", ":", ": ", "\r", "\n", "\r\n", "\n\n",
                                    "x", "12", "\xEF\xBB\xBF", std::string(1, '\0'), " ");
  std::string stream;
  for (const std::string& part : *rc::gen::container<std::vector<std::string>>(piece)) stream += part;
  RC_ASSERT(parse_in_pieces(stream, 1 + step % 7, 1 + step % 7) == parse_slowly(stream));
}

}  // namespace
}  // namespace doorward::mcp
