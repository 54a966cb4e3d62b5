#include "catalogue/catalogue.h"

#include <gtest/gtest.h>

#include "catalogue/test_support.h"

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

  take(*catalogue_, live("shop", {tool("list_orders"), tool("delete_order")}), 3'000);
  EXPECT_EQ(found(*catalogue_, "order"), (Names{"delete_order", "list_orders"}));
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

}  // namespace
}  // namespace doorward::catalogue
