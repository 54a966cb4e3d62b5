#include "server/time_text.h"

#include <gtest/gtest.h>

namespace doorward::server {
namespace {

constexpr std::int64_t kNow = 1'800'000'000'000'000;  // 2027-01-15T08:00:00Z

TEST(TimeText, ReadsSpansFromNow) {
  EXPECT_EQ(parse_past("15m", kNow), kNow - 900'000'000);
  EXPECT_EQ(parse_future("30d", kNow), kNow + 30LL * 86'400'000'000);
  EXPECT_EQ(parse_past("2027-01-15", kNow), kNow - 8LL * 3'600'000'000);
  EXPECT_FALSE(parse_past("tomorrow", kNow).has_value());
}

}  // namespace
}  // namespace doorward::server
