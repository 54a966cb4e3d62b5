#include "server/categories.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "store/store.h"

namespace doorward::server {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

Digest digest(std::uint8_t byte) {
  Digest digest{};
  digest.fill(byte);
  return digest;
}

class Categories : public ::testing::Test {
 protected:
  Categories() {
    char name[] = "/tmp/doorward-categories-XXXXXX";
    directory_ = ::mkdtemp(name);
    store_ = std::move(*store::Store::open(directory_));
    settings_.name = "up";
  }
  ~Categories() override { std::filesystem::remove_all(directory_); }

  void see(std::string_view tool, std::uint8_t definition, std::string_view text, bool first = false) {
    const store::SeenTool seen{tool, digest(definition), text};
    ASSERT_TRUE(store_->see_tools("up", {&seen, 1}, first, 1));
  }
  void settle() { ASSERT_TRUE(settle_categories(*store_, settings_, 5)); }
  void hold(const store::ToolCategory& row) { ASSERT_TRUE(store::ToolCategories(store_->database()).hold("up", row)); }
  std::optional<store::ToolCategory> in_force(std::string_view tool) {
    const auto rows = store::ToolCategories(store_->database()).of("up");
    for (const store::ToolCategory& row : *rows) {
      if (row.tool == tool) return row;
    }
    return std::nullopt;
  }
  std::vector<Reclassified> reclassified() { return *reclassified_tools(*store_, settings_); }

  std::string directory_;
  std::unique_ptr<store::Store> store_;
  upstream::ServerSettings settings_;
};

constexpr std::string_view kDelete = R"({"name":"delete_row","inputSchema":{"type":"object"}})";
constexpr std::string_view kRead = R"({"name":"delete_row","annotations":{},"inputSchema":{"type":"object"}})";

TEST_F(Categories, AreGivenOnceToReviewedToolsAndActions) {
  see("delete_row", 1, kDelete, true);
  see("drop_table", 2, R"({"name":"drop_table"})");  // nobody has reviewed it
  settings_.actions.push_back({"delete_row", "args.action", "args.params", {"pool_list"}});
  settle();
  EXPECT_EQ(in_force("delete_row")->category, Category::destructive);
  EXPECT_EQ(in_force("pool_list")->category, Category::read);
  EXPECT_FALSE(in_force("drop_table"));
  EXPECT_THAT(reclassified(), IsEmpty());
}

TEST_F(Categories, StayWhenTheRulesSayOtherwiseUntilAPersonAccepts) {
  see("delete_row", 1, kDelete, true);
  hold({"delete_row", Category::read, digest(1), "", 1});
  settle();
  EXPECT_EQ(in_force("delete_row")->category, Category::read);
  ASSERT_THAT(reclassified(), SizeIs(1));
  EXPECT_EQ(reclassified()[0].now, Category::destructive);
  ASSERT_TRUE(take_rules_category(*store_, settings_, "delete_row", 9));
  EXPECT_EQ(in_force("delete_row")->category, Category::destructive);
  EXPECT_THAT(reclassified(), IsEmpty());
}

TEST_F(Categories, FollowTheDefinitionThatAPersonReviews) {
  see("delete_row", 1, kDelete, true);
  hold({"delete_row", Category::read, digest(1), "", 1});
  see("delete_row", 2, kRead);
  settle();
  EXPECT_EQ(in_force("delete_row")->category, Category::read);  // the change waits
  ASSERT_TRUE(store_->review_tool("up", "delete_row", digest(2), true, "ann", 3));
  settle();
  EXPECT_EQ(in_force("delete_row")->category, Category::destructive);
  EXPECT_EQ(in_force("delete_row")->definition, digest(2));
}

TEST_F(Categories, WhatAPersonSaidStands) {
  see("delete_row", 1, kDelete, true);
  hold({"delete_row", Category::write, std::nullopt, "ann", 1});
  see("delete_row", 2, kRead);
  ASSERT_TRUE(store_->review_tool("up", "delete_row", digest(2), true, "ann", 3));
  settle();
  EXPECT_EQ(in_force("delete_row")->category, Category::write);
  EXPECT_THAT(reclassified(), IsEmpty());
}

TEST_F(Categories, AForgottenServerLeavesNone) {
  see("delete_row", 1, kDelete, true);
  settle();
  ASSERT_TRUE(store_->forget_tools("up"));
  EXPECT_FALSE(in_force("delete_row"));
}

}  // namespace
}  // namespace doorward::server
