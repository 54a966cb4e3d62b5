#include "base/rfc3339.h"

#include <gtest/gtest.h>

namespace doorward {
namespace {

constexpr std::int64_t kNow = 1'800'000'000'000'000;  // 2027-01-15T08:00:00Z

TEST(Rfc3339, Formats) {
  EXPECT_EQ(format_time(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_time(kNow), "2027-01-15T08:00:00Z");
  EXPECT_EQ(format_time(kNow + 1), "2027-01-15T08:00:00.000001Z");
  EXPECT_EQ(format_time(-1), "1969-12-31T23:59:59.999999Z");
}

TEST(Rfc3339, Reads) {
  EXPECT_EQ(parse_time("2027-01-15T08:00:00Z"), kNow);
  EXPECT_EQ(parse_time("2027-01-15T08:00:00.5Z"), kNow + 500'000);
  EXPECT_EQ(parse_time("2027-01-15T09:30:00+01:30"), kNow);
  EXPECT_EQ(parse_time("2027-01-15T07:00:00-01:00"), kNow);
  EXPECT_EQ(parse_time("2024-02-29"), 1'709'164'800'000'000);
  for (const char* text :
       {"", "now", "2027-02-29", "2027-13-01", "2027-01-15T24:00:00Z", "2027-01-15T08:60:00Z",
        "2027-01-15T08:00:60Z", "2027-01-15T08:00Z", "2027-01-15T08:00:00", "2027-01-15T08:00:00.Z",
        "2027-01-15T08:00:00.1234567Z", "2027-01-15T08:00:00+0100", "2027-01-15x", "2027-01-15T08:00:00ZZ"}) {
    EXPECT_FALSE(parse_time(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace doorward
