#include "json/pointer.h"

#include <gtest/gtest.h>

namespace doorward::json {
namespace {

TEST(Pointer, IsTakenApartAsItWasPutTogether) {
  const std::vector<std::string> steps = {"tools", "a/b", "~1", "", "0"};
  std::string pointer;
  for (const std::string& step : steps) append_step(pointer, step);
  EXPECT_EQ(pointer, "/tools/a~1b/~01//0");
  EXPECT_EQ(steps_of(pointer), steps);
  EXPECT_TRUE(steps_of("").empty());
  EXPECT_TRUE(steps_of("tools").empty());
}

}  // namespace
}  // namespace doorward::json
