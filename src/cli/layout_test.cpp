#include "cli/layout.h"

#include <gtest/gtest.h>

namespace doorward::cli {
namespace {

TEST(Layout, LeavesWhatFitsAndWhatGoesToNoTerminal) {
  EXPECT_EQ(wrapped("  a b", 5, 3), "  a b");
  EXPECT_EQ(wrapped("a long line that goes into a file", 0, 2), "a long line that goes into a file");
}

TEST(Layout, BreaksAtBlanksAndIndentsWhatFollows) {
  EXPECT_EQ(wrapped("  1  observe  nothing is refused", 20, 5), "  1  observe\n     nothing is\n     refused");
}

TEST(Layout, KeepsAWordThatIsWiderWhole) {
  EXPECT_EQ(wrapped("in /a/very/long/path now", 8, 2), "in\n  /a/very/long/path\n  now");
}

}  // namespace
}  // namespace doorward::cli
