#include "cli/line_diff.h"

#include <gtest/gtest.h>

namespace doorward::cli {
namespace {

TEST(LineDiff, ShowsWhatChangedAndALittleAroundIt) {
  EXPECT_EQ(line_diff("a\nb\nc\nd\ne\nf\ng\nh\n", "a\nb\nc\nd\nE\nf\ng\nh\n"), "  ...\n  b\n  c\n  d\n- e\n+ E\n  f\n  g\n  h\n");
  EXPECT_EQ(line_diff("", "x\ny"), "+ x\n+ y\n");
  EXPECT_EQ(line_diff("x\ny\n", ""), "- x\n- y\n");
  EXPECT_EQ(line_diff("same\n", "same\n"), "");
  EXPECT_EQ(line_diff("a\nb\nc\n", "b\nx\nc\n"), "- a\n  b\n+ x\n  c\n");
}

TEST(LineDiff, NothingReachesTheTerminalAsItIs) {
  EXPECT_EQ(line_diff("", "\x1b[2J"), "+ \\u001b[2J\n");
}

TEST(LineDiff, LargeTextsAreComparedWithoutATable) {
  std::string a, b;
  for (int i = 0; i < 5'000; ++i) a += "a" + std::to_string(i) + "\n", b += "b" + std::to_string(i) + "\n";
  const std::string diff = line_diff(a, b);
  EXPECT_TRUE(diff.starts_with("- a0\n"));
  EXPECT_TRUE(diff.ends_with("+ b4999\n"));
}

}  // namespace
}  // namespace doorward::cli
