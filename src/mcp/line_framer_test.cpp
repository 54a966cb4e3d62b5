#include "mcp/line_framer.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace doorward::mcp {
namespace {

std::vector<std::string> cut(std::string_view stream, std::size_t step, LineFramer& framer) {
  std::vector<std::string> lines;
  while (!stream.empty()) {
    const std::string piece(stream.substr(0, step));
    stream.remove_prefix(piece.size());
    std::string_view rest = piece;
    std::string_view line;
    LineFramer::Step got;
    while ((got = framer.next(rest, line)) == LineFramer::Step::line) lines.emplace_back(line);
    if (got == LineFramer::Step::too_large) {
      lines.emplace_back("<too large>");
      break;
    }
  }
  return lines;
}

TEST(LineFramer, T258_LinesAtEverySplit) {
  const std::string stream = "{\"a\":1}\n\n  \r\nbanner\r\n{\"b\":2}\n\xFF\xFE\npartial";
  const std::vector<std::string> wanted = {"{\"a\":1}", "banner", "{\"b\":2}", "\xFF\xFE"};
  for (std::size_t step = 1; step <= stream.size(); ++step) {
    LineFramer framer(100);
    EXPECT_EQ(cut(stream, step, framer), wanted) << step;
    EXPECT_EQ(framer.pending(), 7u);
  }
}

TEST(LineFramer, T258_Bounded) {
  for (const std::size_t step : {1, 4, 1000}) {
    LineFramer framer(10);
    EXPECT_EQ(cut("0123456789\n", step, framer), std::vector<std::string>{"0123456789"});
    EXPECT_EQ(cut("01234567890\n{}\n", step, framer), std::vector<std::string>{"<too large>"});
    EXPECT_EQ(cut("{}\n", step, framer), std::vector<std::string>{"<too large>"})
        << "a failed stream stays failed";
    framer.reset();
    EXPECT_EQ(cut("{}\n", step, framer), std::vector<std::string>{"{}"});
    EXPECT_EQ(cut(std::string(100, 'x'), step, framer), std::vector<std::string>{"<too large>"});
  }
}

TEST(LineFramer, T258_GoesOnBehindALineThatIsTooLong) {
  const std::string stream = "{}\n" + std::string(30, 'x') + "{\"a\":1}\n{\"b\":2}\n01234567890\n{}\n";
  for (std::size_t step = 1; step <= stream.size(); ++step) {
    LineFramer framer(10);
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < stream.size(); at += step) {
      const std::string piece = stream.substr(at, step);
      std::string_view rest = piece;
      std::string_view line;
      LineFramer::Step got;
      while ((got = framer.next(rest, line)) != LineFramer::Step::more) {
        lines.emplace_back(got == LineFramer::Step::line ? line : "<too large>");
        if (got == LineFramer::Step::too_large) framer.skip_line();
      }
    }
    EXPECT_EQ(lines, (std::vector<std::string>{"{}", "<too large>", "{\"b\":2}", "<too large>", "{}"})) << step;
    EXPECT_EQ(framer.pending(), 0u);
  }
}

TEST(LineFramer, T261_OneLineOnTheWire) {
  std::string out = "before\n";
  append_line(out, "{\r\n \"a\": \"x\\ny\xE2\x80\xA8\"\n}");
  EXPECT_EQ(out, "before\n{   \"a\": \"x\\ny\xE2\x80\xA8\" }\n");
}

RC_GTEST_PROP(LineFramer, SplitsDoNotMatter, (std::size_t step)) {
  const auto stream = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab \r\n\n")));
  LineFramer pieces(1000);
  LineFramer whole(1000);
  RC_ASSERT(cut(stream, 1 + step % 5, pieces) == cut(stream, stream.size() + 1, whole));
  RC_ASSERT(pieces.pending() == whole.pending());
}

}  // namespace
}  // namespace doorward::mcp
