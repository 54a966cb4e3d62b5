#include "catalogue/catalogue.h"

#include <gtest/gtest.h>

#include <set>

#include "catalogue/schema.h"
#include "catalogue/test_support.h"
#include "store/database.h"

namespace doorward::catalogue {
namespace {

using Names = std::vector<std::string>;
using test::found;
using test::live;
using test::take;
using test::tool;

class CatalogueTest : public testing::Test {
 protected:
  test::Directory directory_;
  std::unique_ptr<Catalogue> catalogue_ = test::open(directory_);
};

TEST_F(CatalogueTest, KeepsWhatALiveServerShows) {
  const Taken taken =
      take(*catalogue_,
           live("shop", {tool("list_orders", "Lists orders."), tool("delete_order", "Deletes an order.")}));
  EXPECT_EQ(taken.servers_added, 1U);
  EXPECT_EQ(taken.tools_added, 2U);

  const auto server = catalogue_->server("shop");
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_EQ(server->tool_count, 2U);
  EXPECT_EQ(server->sources, Names{"live"});
  EXPECT_EQ(server->by_category[static_cast<std::size_t>(Category::destructive)], 1U);

  const auto tools = catalogue_->tools("shop");
  ASSERT_TRUE(tools);
  ASSERT_EQ(tools->size(), 2U);
  EXPECT_EQ(tools->front().name, "delete_order") << "the riskiest comes first";
  EXPECT_EQ(tools->front().classification.severity, Severity::critical);

  const auto counts = catalogue_->counts();
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->tools, 2U);
  EXPECT_EQ(counts->definitions, 2U);
}

TEST_F(CatalogueTest, ShowsTheSameAfterItIsOpenedAnew) {
  take(*catalogue_, live("shop", {tool("list_orders", "Lists orders.")}));
  catalogue_.reset();
  catalogue_ = test::open(directory_);
  EXPECT_EQ(found(*catalogue_, "orders"), Names{"list_orders"});
}

TEST_F(CatalogueTest, KeepsAToolThatGoesAndFindsItNoMore) {
  take(*catalogue_, live("shop", {tool("list_orders"), tool("delete_order")}), 1'000);
  const Taken taken = take(*catalogue_, live("shop", {tool("list_orders")}), 2'000);
  EXPECT_EQ(taken.tools_gone, 1U);
  EXPECT_EQ(found(*catalogue_, "order"), Names{"list_orders"});
  const auto gone = catalogue_->tool("shop", "delete_order");
  ASSERT_TRUE(gone);
  EXPECT_TRUE(gone->gone);
  EXPECT_EQ(gone->last_seen_us, 1'000);
  EXPECT_EQ(gone->gone_us, 2'000);
  EXPECT_EQ(catalogue_->gone_tools("shop")->size(), 1U);

  take(*catalogue_, live("shop", {tool("list_orders"), tool("delete_order")}), 3'000);
  EXPECT_EQ(found(*catalogue_, "order"), (Names{"delete_order", "list_orders"}));
  EXPECT_EQ(catalogue_->tool("shop", "delete_order")->gone_us, 0);
  EXPECT_TRUE(catalogue_->gone_tools("shop")->empty());
}

TEST_F(CatalogueTest, AListOfSomeToolsLeavesTheOthers) {
  take(*catalogue_, live("shop", {tool("list_orders"), tool("delete_order")}), 1'000);
  const Taken taken = take(*catalogue_, live("shop", {tool("add_order")}, ToolsKnown::partial), 2'000);
  EXPECT_EQ(taken.tools_gone, 0U);
  EXPECT_EQ(taken.tools_added, 1U);
  EXPECT_EQ(catalogue_->tools("shop")->size(), 3U);
}

TEST_F(CatalogueTest, KeepsEarlierDefinitions) {
  take(*catalogue_, live("shop", {tool("list_orders", "Lists orders.")}), 1'000);
  take(*catalogue_, live("shop", {tool("list_orders", "Lists orders.")}), 2'000);
  const Taken taken = take(*catalogue_, live("shop", {tool("list_orders", "Lists all orders.")}), 3'000);
  EXPECT_EQ(taken.tools_changed, 1U);
  const auto versions = catalogue_->versions("shop", "list_orders");
  ASSERT_TRUE(versions);
  ASSERT_EQ(versions->size(), 2U);
  EXPECT_EQ(versions->at(0).first_seen_us, 3'000);
  EXPECT_EQ(versions->at(1).first_seen_us, 1'000);
  EXPECT_EQ(versions->at(1).last_seen_us, 2'000);
  EXPECT_EQ(catalogue_->tool("shop", "list_orders")->changed_us, 3'000);
  EXPECT_EQ(found(*catalogue_, "all"), Names{"list_orders"});
}

TEST_F(CatalogueTest, StoresADefinitionOnceForManyServers) {
  for (const char* name : {"a", "b", "c"})
    take(*catalogue_, live(name, {tool("list_orders", "Lists orders.")}));
  EXPECT_EQ(catalogue_->counts()->definitions, 1U);
  const auto same = catalogue_->same_definition(catalogue_->tool("a", "list_orders")->key);
  ASSERT_TRUE(same);
  EXPECT_EQ(same->size(), 3U);
}

TEST_F(CatalogueTest, LeavesOutWhatIsNoToolOrTooLarge) {
  const std::string large(300'000, 'x');
  take(*catalogue_,
       live("shop", {"", "{", "[]", R"({"name": 1})", R"({"name": ""})", R"({"name": "a\u0000b"})",
                     tool("large", large), tool("list_orders"), tool("list_orders", "again")}));
  const auto tools = catalogue_->tools("shop");
  ASSERT_TRUE(tools);
  ASSERT_EQ(tools->size(), 1U);
  EXPECT_EQ(catalogue_->search_tools({.words = "again"})->found, 0U);
}

TEST_F(CatalogueTest, RanksNamesBeforeDescriptionsAndRiskBeforeNothing) {
  take(*catalogue_, live("shop", {tool("refund", "Pays back."), tool("list_refunds", "Lists them."),
                                  tool("delete_refund", "Takes it back."),
                                  tool("get_order", "An order with its refunds.")}));
  EXPECT_EQ(found(*catalogue_, "refund"), (Names{"refund", "delete_refund", "list_refunds", "get_order"}));
  EXPECT_EQ(found(*catalogue_, "DELETE-refund"), Names{"delete_refund"});
  EXPECT_EQ(found(*catalogue_, "deleteRef"), Names{"delete_refund"});
  EXPECT_EQ(found(*catalogue_, "listrefunds"), Names{"list_refunds"});
}

TEST_F(CatalogueTest, AQueryIsDataWhateverItHolds) {
  take(*catalogue_, live("shop", {tool("list_orders", "Lists orders.")}));
  for (const char* words : {"\"",
                            "'",
                            "orders\"",
                            "orders*",
                            "name:orders",
                            "NOT",
                            "orders NOT lists",
                            "(",
                            "orders)",
                            "NEAR(",
                            "-",
                            "^orders",
                            "#a",
                            ".list",
                            "=list_orders",
                            "{a}: b",
                            "\xff\xfe",
                            "orders\x01",
                            "—",
                            "a\xe2\x80\x94"
                            "b",
                            "+",
                            "AND OR NOT"}) {
    const auto page = catalogue_->search_tools({.words = words});
    EXPECT_TRUE(page) << words << ": " << page.error().message;
  }
  EXPECT_EQ(found(*catalogue_, "NOT orders"), Names()) << "NOT is a word like others";
  EXPECT_EQ(found(*catalogue_, "#v1"), Names()) << "and a mark of the index is none";
}

TEST_F(CatalogueTest, PagesHoldEverythingOnce) {
  std::vector<std::string> tools;
  for (int i = 0; i < 120; ++i) {
    tools.push_back(tool((i % 3 == 0 ? "delete_order" : "list_order") + std::to_string(i),
                         i % 5 == 0 ? "" : "An order."));
    tools.push_back(tool("get_" + std::to_string(i), i % 2 == 0 ? "Of an order." : "Nothing."));
  }
  tools.push_back(tool("order"));
  take(*catalogue_, live("shop", tools));
  for (const std::size_t limit : {1UL, 7UL, 61UL, 181UL, 200UL}) {
    Query query{.words = "order", .limit = limit};
    Names all;
    std::size_t found = 0;
    do {
      const auto page = catalogue_->search_tools(query);
      ASSERT_TRUE(page) << page.error().message;
      ASSERT_LE(page->records.size(), limit);
      if (query.after.empty()) found = page->found;
      EXPECT_EQ(page->found, found);
      for (const std::string& name : test::names(*page)) all.push_back(name);
      query.after = page->next;
    } while (!query.after.empty());
    EXPECT_EQ(all.size(), 181U);
    EXPECT_EQ(all.size(), found);
    EXPECT_EQ(std::set(all.begin(), all.end()).size(), all.size());
    EXPECT_EQ(all.front(), "order");
  }
}

// What is added or goes while somebody turns pages moves nothing that stays to another page.
TEST_F(CatalogueTest, PagesStayWhileToolsComeAndGo) {
  std::vector<std::string> tools;
  for (int i = 0; i < 40; ++i) tools.push_back(tool("list_order" + std::to_string(i)));
  take(*catalogue_, live("shop", tools));
  const auto first = catalogue_->search_tools({.words = "order", .limit = 10});
  ASSERT_TRUE(first);
  tools.erase(tools.begin(), tools.begin() + 5);
  tools.push_back(tool("delete_order"));
  take(*catalogue_, live("shop", tools), 2'000);
  const auto second = catalogue_->search_tools({.words = "order", .limit = 10, .after = first->next});
  ASSERT_TRUE(second);
  EXPECT_EQ(second->records.front().name, "list_order10");
}

TEST_F(CatalogueTest, ACursorThatIsNoneIsAnError) {
  take(*catalogue_, live("shop", {tool("list_orders")}));
  for (const char* after :
       {"x", "1", "1.2", "1.2.3.4", "-1.2.3", "1.2.", "99999999999999999999.1.1", "0.0.0 "}) {
    const auto page = catalogue_->search_tools({.words = "orders", .after = after});
    ASSERT_FALSE(page) << after;
    EXPECT_EQ(page.error().kind, ErrorKind::invalid);
  }
  EXPECT_TRUE(catalogue_->search_tools({.words = "orders", .after = "7.1.1"}))
      << "a stage that is none is the end";
}

TEST_F(CatalogueTest, FiltersNarrow) {
  take(*catalogue_, live("shop", {tool("list_orders"), tool("delete_order"), tool("update_order")}));
  take(*catalogue_, live("store", {tool("delete_order"), tool("get_order")}));
  EXPECT_EQ(found(*catalogue_, Query{.words = "order", .category = Category::destructive}).size(), 2U);
  EXPECT_EQ(found(*catalogue_, Query{.words = "order", .server = "store"}),
            (Names{"delete_order", "get_order"}));
  EXPECT_EQ(found(*catalogue_, Query{.at_least = Severity::medium}).size(), 3U);
  EXPECT_EQ(found(*catalogue_, Query{.at_least = Severity::critical}).size(), 2U);
  const auto wrong = catalogue_->search_tools({.server = "nobody"});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind, ErrorKind::not_found);

  const auto servers = catalogue_->search_servers({.category = Category::write});
  ASSERT_TRUE(servers);
  ASSERT_EQ(servers->records.size(), 1U);
  EXPECT_EQ(servers->records[0].slug, "shop");
  EXPECT_EQ(catalogue_->search_servers({.at_least = Severity::medium})->found, 2U) << "up to the worst tool";
}

TEST_F(CatalogueTest, WhatAPersonSaysHoldsAndIsTakenBack) {
  take(*catalogue_, live("shop", {tool("list_orders"), tool("delete_order")}));
  const Override said{.category = Category::read,
                      .severity = std::nullopt,
                      .reason = "moves to the archive",
                      .author = "uid:0",
                      .at_us = 9};
  ASSERT_TRUE(catalogue_->set_override("shop", "delete_order", said));
  auto record = catalogue_->tool("shop", "delete_order");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->classification.category, Category::read);
  EXPECT_EQ(record->classification.severity, Severity::low);
  EXPECT_EQ(record->classification.confidence, 100);
  ASSERT_TRUE(record->override);
  EXPECT_EQ(record->override->author, "uid:0");
  ASSERT_FALSE(record->classification.evidence.empty());
  EXPECT_EQ(record->classification.evidence[0].source, risk::EvidenceSource::person);
  EXPECT_EQ(record->classification.evidence[0].words, "moves to the archive");
  EXPECT_TRUE(found(*catalogue_, Query{.category = Category::destructive}).empty());
  EXPECT_EQ(catalogue_->server("shop")->by_category[static_cast<std::size_t>(Category::destructive)], 0U);

  // It outlives another definition, and the tool's going and coming.
  take(*catalogue_, live("shop", {tool("list_orders")}), 2'000);
  take(*catalogue_, live("shop", {tool("list_orders"), tool("delete_order", "Deletes it for good.")}), 3'000);
  EXPECT_EQ(catalogue_->tool("shop", "delete_order")->classification.category, Category::read);

  ASSERT_TRUE(catalogue_->remove_override("shop", "delete_order"));
  EXPECT_EQ(catalogue_->tool("shop", "delete_order")->classification.category, Category::destructive);
  EXPECT_EQ(catalogue_->remove_override("shop", "delete_order").error().kind, ErrorKind::not_found);
}

TEST_F(CatalogueTest, AnOverrideSaysSomethingWithAReasonOfAToolThatIsThere) {
  take(*catalogue_, live("shop", {tool("list_orders")}));
  Override said{
      .category = {}, .severity = Severity::high, .reason = "names customers", .author = "uid:0", .at_us = 9};
  EXPECT_EQ(catalogue_->set_override("shop", "other", said).error().kind, ErrorKind::not_found);
  EXPECT_EQ(catalogue_->set_override("other", "list_orders", said).error().kind, ErrorKind::not_found);
  ASSERT_TRUE(catalogue_->set_override("shop", "list_orders", said));
  EXPECT_EQ(catalogue_->tool("shop", "list_orders")->classification.severity, Severity::high);
  EXPECT_EQ(catalogue_->tool("shop", "list_orders")->classification.category, Category::read);
  said.reason.clear();
  EXPECT_EQ(catalogue_->set_override("shop", "list_orders", said).error().kind, ErrorKind::invalid);
  EXPECT_EQ(
      catalogue_
          ->set_override("shop", "list_orders", {.category = {}, .severity = {}, .reason = "x", .author = {}})
          .error()
          .kind,
      ErrorKind::invalid);
}

TEST_F(CatalogueTest, NewerRulesClassifyAnewAndPeopleKeepTheirWord) {
  take(*catalogue_, live("shop", {tool("list_orders"), tool("delete_order"), tool("update_order")}));
  const Override said{.category = Category::read,
                      .severity = std::nullopt,
                      .reason = "archive",
                      .author = "uid:0",
                      .at_us = 9};
  ASSERT_TRUE(catalogue_->set_override("shop", "update_order", said));
  EXPECT_EQ(catalogue_->reclassify(10)->looked_at, 0U);
  {
    // What older rules would have left: everything is Other, of version 0.
    auto database = store::Database::open(directory_.path() + "/catalogue.db", migrations());
    ASSERT_TRUE(database);
    ASSERT_TRUE((*database)->execute("UPDATE tools SET rules = 0"));
  }
  EXPECT_EQ(catalogue_->counts()->outdated, 3U);
  const auto first = catalogue_->reclassify(2);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->looked_at, 2U);
  EXPECT_EQ(first->left, 1U);
  EXPECT_EQ(catalogue_->reclassify(2)->left, 0U);
  EXPECT_EQ(catalogue_->counts()->outdated, 0U);
  EXPECT_EQ(catalogue_->tool("shop", "update_order")->classification.category, Category::read);
  EXPECT_TRUE(catalogue_->tool("shop", "update_order")->override);
}

TEST_F(CatalogueTest, EarlierDefinitionsAreBounded) {
  for (int i = 0; i < 100; ++i)
    take(*catalogue_, live("shop", {tool("list_orders", "Text " + std::to_string(i))}), 1'000 + i);
  EXPECT_EQ(catalogue_->versions("shop", "list_orders")->size(), 31U);
  EXPECT_EQ(catalogue_->counts()->definitions, 31U) << "what nobody has any more is not kept";
  EXPECT_EQ(catalogue_->versions("shop", "list_orders")->back().first_seen_us, 1'000 + 69);
}

constexpr std::string_view kHiding =
    R"({"name":"manage_pool","description":"Manages pools.","inputSchema":{"type":"object","properties":{)"
    R"("action":{"type":"string","enum":["list_pools","delete_pool","create_pool"]},"params":{"type":"object"}},"required":["action"]}})";

TEST_F(CatalogueTest, WhatAToolHidesIsClassifiedByItself) {
  take(*catalogue_, live("nas", {std::string(kHiding), tool("get_version")}));
  EXPECT_EQ(catalogue_->server("nas")->tool_count, 5U);
  const auto hidden = catalogue_->tool("nas", "delete_pool");
  ASSERT_TRUE(hidden) << hidden.error().message;
  EXPECT_EQ(hidden->outer, "manage_pool");
  EXPECT_EQ(hidden->classification.category, Category::destructive);
  EXPECT_EQ(catalogue_->tool("nas", "list_pools")->classification.category, Category::read);
  EXPECT_EQ(found(*catalogue_, "delete pool"), Names{"delete_pool"});

  // Told actions stand beside those that the schema lists, and those that it lists no more are gone.
  std::string fewer(kHiding);
  fewer.replace(fewer.find(R"(,"create_pool")"), 14, "");
  Listing listing = live("nas", {fewer, tool("get_version")});
  listing.actions = {{.outer = "manage_pool", .definition = tool("wipe_disk", "Wipes a disk.")},
                     {.outer = "nobody", .definition = tool("lost", "Of a tool that is not there.")}};
  take(*catalogue_, listing, 2'000);
  EXPECT_EQ(catalogue_->tool("nas", "wipe_disk")->outer, "manage_pool");
  EXPECT_TRUE(catalogue_->tool("nas", "create_pool")->gone);
  EXPECT_FALSE(catalogue_->tool("nas", "lost"));
  EXPECT_EQ(catalogue_->server("nas")->tool_count, 5U);

  // A list that did not look at the tool says nothing of what it hides.
  take(*catalogue_, live("nas", {tool("get_version", "Another.")}, ToolsKnown::partial), 3'000);
  EXPECT_FALSE(catalogue_->tool("nas", "wipe_disk")->gone);
  const Override said{.category = Category::write, .severity = {}, .reason = "asks first", .author = "uid:0", .at_us = 9};
  ASSERT_TRUE(catalogue_->set_override("nas", "wipe_disk", said));
  EXPECT_EQ(catalogue_->tool("nas", "wipe_disk")->classification.category, Category::write);
}

TEST_F(CatalogueTest, BookmarksAreKept) {
  EXPECT_EQ(*catalogue_->bookmark("registry"), "");
  ASSERT_TRUE(catalogue_->set_bookmark("registry", "one"));
  ASSERT_TRUE(catalogue_->set_bookmark("registry", "two"));
  EXPECT_EQ(*catalogue_->bookmark("registry"), "two");
}

TEST_F(CatalogueTest, AServerThatIsNotThereHasNeighbours) {
  take(*catalogue_, live("truenas", {tool("list_pools")}));
  const auto server = catalogue_->server("truena");
  ASSERT_FALSE(server);
  EXPECT_NE(server.error().message.find("truenas"), std::string::npos);
}

}  // namespace
}  // namespace doorward::catalogue
