#include "risk/category.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "json/reader.h"
#include "risk/vocabulary.h"

namespace doorward::risk {
namespace {

class Verb : public testing::TestWithParam<VerbRow> {};

TEST_P(Verb, IsFoundInEverySpellingOfAName) {
  const std::string verb(GetParam().word);
  const Category category = GetParam().category;
  std::vector<std::string> names = {verb, verb + "_zebra", verb + "-zebra"};
  const bool ascii = std::ranges::all_of(verb, [](char c) { return c >= 'a' && c <= 'z'; });
  if (ascii) {
    std::string capital = verb;
    capital[0] = static_cast<char>(capital[0] - 32);
    std::string upper = verb;
    std::ranges::transform(upper, upper.begin(), [](char c) { return static_cast<char>(c - 32); });
    for (const std::string& name :
         {verb + "Zebra", capital + "Zebra", upper + "_ZEBRA", "zebra_" + verb, "zebra" + capital})
      names.push_back(name);
  }
  for (const std::string& name : names)
    EXPECT_EQ(to_string(category_of_name(name)), to_string(category)) << name;
  if (GetParam().use == Use::noun) {
    EXPECT_EQ(category_of_name(verb + "_zebra_delete"), Category::destructive);
  }
  EXPECT_EQ(category_of_name("x" + verb + "qq"), Category::other);
}

INSTANTIATE_TEST_SUITE_P(Verbs, Verb, testing::ValuesIn(verbs().begin(), verbs().end()),
                         [](const auto& row) { return "n" + std::to_string(row.index); });

TEST(Category, TheRiskierOfTwo) {
  const std::vector<Category> ascending = {Category::other,   Category::read,        Category::write,
                                           Category::execute, Category::destructive, Category::financial};
  for (std::size_t a = 0; a < ascending.size(); ++a) {
    for (std::size_t b = 0; b < ascending.size(); ++b)
      EXPECT_EQ(riskier(ascending[a], ascending[b]), ascending[std::max(a, b)]);
  }
}

}  // namespace
}  // namespace doorward::risk
