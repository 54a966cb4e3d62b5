#include "base/category.h"

#include <gtest/gtest.h>

namespace doorward {
namespace {

TEST(Category, IsSpelledInOneWay) {
  for (Category category : kCategories) EXPECT_EQ(parse_category(to_string(category)), category);
  EXPECT_EQ(to_string(Category::financial), "Financial");
  for (std::string_view name : {"", "read", "READ", "Read ", "Reads", "Unknown"})
    EXPECT_FALSE(parse_category(name)) << name;
}

}  // namespace
}  // namespace doorward
