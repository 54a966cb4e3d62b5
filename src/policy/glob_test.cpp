#include "policy/glob.h"

#include <gtest/gtest.h>

#include <string>

namespace doorward::policy {
namespace {

struct Row {
  const char* pattern;
  const char* name;
  bool matches;
};

class T136 : public ::testing::TestWithParam<Row> {};

TEST_P(T136, MatchesTheWholeName) {
  EXPECT_EQ(glob_match(GetParam().pattern, GetParam().name), GetParam().matches)
      << GetParam().pattern << " against " << GetParam().name;
}

INSTANTIATE_TEST_SUITE_P(
    Rows, T136,
    ::testing::Values(Row{"get_*", "get_", true}, Row{"get_*", "get_x", true}, Row{"get_*", "xget_y", false},
                      Row{"get_*", "GET_x", false}, Row{"*", "", true}, Row{"*", "anything", true},
                      Row{"?", "", false}, Row{"?", "a", true}, Row{"?", "ab", false},
                      Row{"?", "\xC3\xA9", true}, Row{"??", "\xC3\xA9", false}, Row{"a*b", "ab", true},
                      Row{"a*b", "aXXb", true}, Row{"a*b", "aXXbc", false}, Row{"*_x_*", "a_x_x_b", true},
                      Row{"[ab]", "a", false}, Row{"[ab]", "[ab]", true}, Row{"a\\*", "a*", false},
                      Row{"*a*a*a*", "aa", false}, Row{"*a*a*a*", "xaxaxax", true}));

TEST(Glob, HostilePatternsTakeBoundedTime) {
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += "*a";
  EXPECT_FALSE(glob_match(pattern + "b", std::string(10'000, 'a')));
}

TEST(Glob, KnowsAPatternByItsCharacters) {
  EXPECT_TRUE(is_glob("read_*"));
  EXPECT_TRUE(is_glob("read_?"));
  EXPECT_FALSE(is_glob("read[a]"));
}

}  // namespace
}  // namespace doorward::policy
