#include "json/equal.h"

#include <gtest/gtest.h>

#include <string>

#include "json/reader.h"

namespace doorward::json {
namespace {

bool same(std::string_view a, std::string_view b) {
  Reader first;
  Reader second;
  const auto x = first.read(a);
  const auto y = second.read(b);
  EXPECT_TRUE(x && y) << a << " " << b;
  EXPECT_EQ(equal(*x, *y), equal(*y, *x));
  return equal(*x, *y);
}

TEST(Equal, T021_NumbersByValue) {
  for (const std::string_view one : {"1", "1.0", "1e0", "10e-1", "0.1E1", "0.001e3"})
    EXPECT_TRUE(same(one, "1")) << one;
  for (const std::string_view zero : {"0", "-0", "0.0", "-0e5", "0e-9"}) EXPECT_TRUE(same(zero, "0")) << zero;
  EXPECT_FALSE(same("10000.0000000000000001", "10000"));
  EXPECT_FALSE(same("9007199254740993", "9007199254740992"));
  EXPECT_FALSE(same("1", "-1"));
}

TEST(Equal, OtherTypes) {
  EXPECT_TRUE(same("null", "null"));
  EXPECT_FALSE(same("null", "false"));
  EXPECT_FALSE(same("true", "false"));
  EXPECT_FALSE(same("1", "\"1\""));
  EXPECT_TRUE(same(R"("\u0041\/")", R"("A/")"));
  EXPECT_FALSE(same("\"caf\xC3\xA9\"", "\"cafe\xCC\x81\""));
  EXPECT_FALSE(same(R"("a")", R"("a\u0000")"));
  EXPECT_TRUE(same("[1,[2],{}]", "[1.0, [ 2 ], {}]"));
  EXPECT_FALSE(same("[1,2]", "[2,1]"));
  EXPECT_FALSE(same("[1]", "[1,1]"));
}

TEST(Equal, ObjectsWhateverTheOrder) {
  EXPECT_TRUE(same(R"({"a":1,"b":{"c":2,"d":3}})", R"({"b":{"d":3.0,"c":2},"a":1})"));
  EXPECT_FALSE(same(R"({"a":1,"b":2})", R"({"a":1})"));
  EXPECT_FALSE(same(R"({"a":1,"b":2})", R"({"a":1,"c":2})"));
  EXPECT_FALSE(same(R"({"a":1,"b":2})", R"({"b":1,"a":2})"));
}

TEST(Equal, AMissingValueEqualsNothing) {
  Reader reader;
  const auto value = reader.read("null");
  EXPECT_FALSE(equal(Value(), *value));
  EXPECT_FALSE(equal(*value, Value()));
  EXPECT_FALSE(equal(Value(), Value()));
}

}  // namespace
}  // namespace doorward::json
