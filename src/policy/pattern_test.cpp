#include "policy/pattern.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace doorward::policy {
namespace {

bool searches(std::string_view pattern, std::string_view text) {
  const auto compiled = Pattern::compile(pattern);
  EXPECT_TRUE(compiled.has_value()) << pattern;
  return compiled && compiled->search(text);
}

TEST(Pattern, T167_SearchesAnywhereAndEndsAreThoseOfTheText) {
  EXPECT_TRUE(searches("b", "abc"));
  EXPECT_FALSE(searches("^b", "abc"));
  EXPECT_FALSE(searches("b$", "ab\n"));
  EXPECT_TRUE(searches("b$", "ab"));
  EXPECT_FALSE(searches("^b$", "a\nb\nc"));
  EXPECT_FALSE(searches("^b", "a\nb"));
  EXPECT_FALSE(searches("a.c", "a\nc"));
  EXPECT_TRUE(searches("(?s)a.c", "a\nc"));
  EXPECT_TRUE(searches("(?i)ABC", "abc"));
  EXPECT_TRUE(searches("^.$", "\xC3\xA9"));
}

TEST(Pattern, RefusesTheMultiLineFlagWhereverItStands) {
  for (const char* pattern :
       {"(?m)a", "(?im)a", "(?m:a)", "a(?i-m)b", "(a(?m))", "(?sm)^a$", "\\Qx\\E(?m)a"}) {
    EXPECT_FALSE(Pattern::compile(pattern).has_value()) << pattern;
  }
  for (const char* pattern :
       {"\\(\\?m\\)", "[(?m)]", "\\Q(?m)\\E", "(?P<m>a)", "(?:m)", "(?i)m", "[]?(m]", "m(?i)"}) {
    EXPECT_TRUE(Pattern::compile(pattern).has_value()) << pattern;
  }
}

TEST(Pattern, RefusesSingleBytes) {
  EXPECT_FALSE(Pattern::compile("a\\Cb").has_value());
  EXPECT_TRUE(Pattern::compile("a\\\\Cb").has_value());
  EXPECT_TRUE(Pattern::compile("\\Q\\C\\E").has_value());
}

TEST(Pattern, RefusesWhatRe2Refuses) {
  for (const char* pattern : {"(", "a{1001}", "(?=a)", "(a)\\1", "[", "*a", "\\"}) {
    EXPECT_FALSE(Pattern::compile(pattern).has_value()) << pattern;
  }
}

// T168: linear time, and an oversize pattern never loads. The ceiling is ten times the bar of the row.
TEST(Pattern, T168_LinearTimeAndBoundedSize) {
  const auto evil = Pattern::compile("(a+)+$");
  ASSERT_TRUE(evil.has_value());
  const std::string text = std::string(50'000, 'a') + "b";
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(evil->search(text));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(100));

  std::string wide = "w0";
  for (int i = 1; i < 10'000; ++i) wide += "|w" + std::to_string(i) + "x";
  EXPECT_FALSE(Pattern::compile(wide).has_value());
}

TEST(Pattern, SeesAnchors) {
  for (const char* pattern : {"^a$", "\\Aa\\z", "(?i)^a$", "^(a|b)$", "^[$|]$"}) {
    EXPECT_TRUE(Pattern::looks_anchored(pattern)) << pattern;
  }
  for (const char* pattern : {"a", "^a", "a$", "^a|b$", "^a\\$", "(?i)a$"}) {
    EXPECT_FALSE(Pattern::looks_anchored(pattern)) << pattern;
  }
}

}  // namespace
}  // namespace doorward::policy
