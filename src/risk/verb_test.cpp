#include "risk/verb.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "json/reader.h"

namespace doorward::risk {
namespace {

class Row : public testing::TestWithParam<VerbRow> {};

TEST_P(Row, IsFoundInEverySpellingOfAName) {
  const std::string verb(GetParam().verb);
  const Category category = GetParam().category;
  std::string capital = verb;
  capital[0] = static_cast<char>(capital[0] - 32);
  std::string upper = verb;
  std::ranges::transform(upper, upper.begin(), [](char c) { return static_cast<char>(c - 32); });
  for (const std::string& name :
       {verb, verb + "_zebra", "zebra-" + verb, "zebra." + verb + ".yak", verb + "Zebra", "zebra" + capital,
        "HTTP" + capital, upper + "_ZEBRA", "zebra/" + verb}) {
    EXPECT_EQ(category_of_name(name), category) << name;
  }
  // As a part of a longer word it means nothing.
  EXPECT_EQ(category_of_name("x" + verb + "qq"), Category::other);
  // Beside a clear verb a word that is also a noun says nothing; between two clear verbs the first decides.
  EXPECT_EQ(category_of_name(verb + "_delete"), GetParam().also_noun ? Category::destructive : category);
  EXPECT_EQ(category_of_name("delete_" + verb), Category::destructive);
}

INSTANTIATE_TEST_SUITE_P(Verbs, Row, testing::ValuesIn(verb_table().begin(), verb_table().end()),
                         [](const auto& row) { return std::string(row.param.verb); });

TEST(Verb, NamesOfRealTools) {
  const std::vector<std::pair<std::string_view, Category>> names = {
      {"read_file", Category::read},
      {"list_directory", Category::read},
      {"search_files", Category::read},
      {"write_file", Category::write},
      {"edit_file", Category::write},
      {"move_file", Category::write},
      {"create_issue", Category::write},
      {"issues.update", Category::write},
      {"delete_user", Category::destructive},
      {"api_key_delete", Category::destructive},
      {"compute_vm_delete", Category::destructive},
      {"purge_cache", Category::destructive},
      {"execute_sql", Category::execute},
      {"run_command", Category::execute},
      {"restart_service", Category::execute},
      {"browserNavigate", Category::execute},
      {"pay_invoice", Category::financial},
      {"refund", Category::financial},
      {"transfer_funds", Category::financial},
      {"query", Category::read},
      {"order", Category::financial},
      {"list_orders", Category::read},
      {"echo", Category::other},
      {"truenas", Category::other},
      {"get-sum", Category::read},
      {"", Category::other},
      {"___", Category::other},
      {"deleted_users", Category::other},
      {"\xd0\xb4\xd0\xb5\xd0\xbb", Category::other},
  };
  for (const auto& [name, category] : names)
    EXPECT_EQ(to_string(category_of_name(name)), to_string(category)) << name;
  EXPECT_EQ(category_of_name(std::string(1'000'000, 'a') + "_delete"), Category::destructive);
}

TEST(Verb, AnnotationsRaiseAndNeverLower) {
  json::Reader reader;
  const auto judged = [&](std::string_view name, std::string_view annotations) {
    const auto value = reader.read(annotations);
    EXPECT_TRUE(value) << annotations;
    return category_of(name, *value);
  };
  EXPECT_EQ(judged("get_x", R"({"readOnlyHint":false})"), Category::write);
  EXPECT_EQ(judged("zebra", R"({"readOnlyHint":false})"), Category::write);
  EXPECT_EQ(judged("get_x", R"({"destructiveHint":true})"), Category::destructive);
  EXPECT_EQ(judged("run_x", R"({"destructiveHint":true})"), Category::destructive);
  EXPECT_EQ(judged("pay_x", R"({"destructiveHint":true})"), Category::financial);
  EXPECT_EQ(judged("get_x", R"({"readOnlyHint":true,"destructiveHint":true})"), Category::read);
  EXPECT_EQ(judged("delete_x", R"({"readOnlyHint":true,"destructiveHint":false})"), Category::destructive);
  EXPECT_EQ(judged("zebra", R"({"readOnlyHint":true})"), Category::other);
  for (std::string_view odd : {R"({"readOnlyHint":"false"})", R"({"destructiveHint":1})", R"({"title":"x"})",
                               "{}", "null", "[]", "true", "\"readOnlyHint\""}) {
    EXPECT_EQ(judged("get_x", odd), Category::read) << odd;
  }
  EXPECT_EQ(category_of("get_x", json::Value()), Category::read);
  EXPECT_EQ(VerbClassifier().classify("any", "get_x", json::Value()), Category::read);
}

TEST(Verb, TheRiskierOfTwo) {
  const std::vector<Category> ascending = {Category::other,   Category::read,        Category::write,
                                           Category::execute, Category::destructive, Category::financial};
  for (std::size_t a = 0; a < ascending.size(); ++a) {
    for (std::size_t b = 0; b < ascending.size(); ++b) {
      EXPECT_EQ(riskier(ascending[a], ascending[b]), ascending[std::max(a, b)]);
    }
  }
}

}  // namespace
}  // namespace doorward::risk
