#include "base/suggest.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace doorward {
namespace {

constexpr std::array<std::string_view, 4> kWords = {"listen", "limits", "log", "deny_if"};

TEST(Suggest, FindsTheNearWord) {
  EXPECT_EQ(suggest("listne", kWords), "listen");
  EXPECT_EQ(suggest("Listen", kWords), "listen");
  EXPECT_EQ(suggest("deny_fi", kWords), "deny_if");
  EXPECT_EQ(suggest("lug", kWords), "log");
}

TEST(Suggest, SaysNothingWhereNothingIsNear) {
  EXPECT_EQ(suggest("zzz", kWords), "");
  EXPECT_EQ(suggest("", kWords), "");
  EXPECT_EQ(suggest(std::string(100, 'l'), kWords), "");
}

TEST(Suggest, CountsEdits) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("abc", "acb"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

}  // namespace
}  // namespace doorward
