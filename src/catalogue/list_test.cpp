#include <gtest/gtest.h>

#include <algorithm>

#include "catalogue/test_support.h"

namespace doorward::catalogue {
namespace {

std::vector<std::string> slugs(Catalogue& catalogue, const ListQuery& query) {
  const auto page = catalogue.list_servers(query);
  EXPECT_TRUE(page.has_value());
  std::vector<std::string> out;
  if (!page) return out;
  EXPECT_EQ(page->found, page->records.size());
  for (const ServerRecord& server : page->records) out.push_back(server.slug);
  return out;
}

TEST(CatalogueList, GivesEveryServerOncePageByPage) {
  test::Directory directory;
  const auto catalogue = test::open(directory);
  std::vector<std::string> all;
  for (const char c : std::string("edacb")) {
    test::take(*catalogue, test::live(std::string(1, c), {}));
    all.emplace_back(1, c);
  }
  std::ranges::sort(all);
  EXPECT_EQ(slugs(*catalogue, {}), all);
  std::vector<std::string> seen;
  ListQuery query{.limit = 2};
  for (;;) {
    const auto page = catalogue->list_servers(query);
    ASSERT_TRUE(page.has_value());
    ASSERT_LE(page->records.size(), 2U);
    for (const ServerRecord& server : page->records) seen.push_back(server.slug);
    if (page->next.empty()) break;
    query.after = page->next;
  }
  EXPECT_EQ(seen, all);
}

TEST(CatalogueList, FindsPartsOfNames) {
  test::Directory directory;
  const auto catalogue = test::open(directory);
  test::take(*catalogue, test::record("registry", "io.github.harbor/Tide-Tables"));
  test::take(*catalogue, test::live("buoys", {}));
  EXPECT_EQ(slugs(*catalogue, {.in_name = "TIDE"}).size(), 1U);
  EXPECT_EQ(slugs(*catalogue, {.in_name = "harbor/t"}).size(), 1U);
  EXPECT_EQ(slugs(*catalogue, {.in_name = "uoy"}), (std::vector<std::string>{"buoys"}));
  EXPECT_TRUE(slugs(*catalogue, {.in_name = "%"}).empty());
}

TEST(CatalogueList, TellsWhatChangedSince) {
  test::Directory directory;
  const auto catalogue = test::open(directory);
  test::take(*catalogue, test::live("one", {test::tool("get_x")}), 1'000);
  test::take(*catalogue, test::live("two", {}), 2'000);
  test::take(*catalogue, test::live("one", {test::tool("get_x")}), 3'000);  // met again, unchanged
  EXPECT_EQ(slugs(*catalogue, {.changed_since_us = 2'000}), (std::vector<std::string>{"two"}));
  EXPECT_EQ(catalogue->server("one")->changed_us, 1'000);
  test::take(*catalogue, test::live("one", {test::tool("get_x"), test::tool("delete_x")}), 4'000);
  EXPECT_EQ(slugs(*catalogue, {.changed_since_us = 4'000}), (std::vector<std::string>{"one"}));
  const Override said{
      .category = Category::read, .severity = {}, .reason = "it only looks", .author = "me", .at_us = 5'000};
  ASSERT_TRUE(catalogue->set_override("one", "delete_x", said).has_value());
  EXPECT_EQ(catalogue->server("one")->changed_us, 5'000);
}

}  // namespace
}  // namespace doorward::catalogue
