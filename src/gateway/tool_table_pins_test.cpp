#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/tool_table.h"
#include "json/reader.h"
#include "mcp/tool_definition.h"

namespace doorward::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

std::string tool(const std::string& name, const std::string& description = "one") {
  return R"({"name":")" + name + R"(","description":")" + description + R"(","inputSchema":{"type":"object"}})";
}

Digest digest_of(const std::string& definition) {
  json::Reader reader;
  json::Canonical canonical;
  std::string out;
  mcp::append_definition(*reader.read(definition), canonical, out);
  return sha256(out);
}

/// What two workers and the store say to each other of one server.
class Pinning : public ::testing::Test {
 protected:
  struct Worker {
    explicit Worker(const ServerEntry& entry) : table(entry) {}
    ToolTable table;
    std::vector<ToolReport> reports;
    bool outdated = false;  ///< by what was published last
  };

  Pinning() { settings({}); }

  void settings(const upstream::ProtocolSettings& protocol) {
    upstream::ServerSettings settings;
    settings.name = "up";
    settings.protocol = protocol;
    entry_ = std::make_unique<ServerEntry>();
    entry_->settings = std::make_shared<const upstream::ServerSettings>(settings);
    one_ = std::make_unique<Worker>(*entry_);
    other_ = std::make_unique<Worker>(*entry_);
  }

  static void with_list(const std::vector<std::string>& tools, auto&& use) {
    std::string text = R"({"tools":[)";
    for (const std::string& each : tools) text += (&each == &tools.front() ? "" : ",") + each;
    text += "]}";
    json::Reader reader;
    const auto root = reader.read(text);
    ASSERT_TRUE(root) << text;
    use(*root);
  }
  static void note(Worker& worker) {
    if (auto report = worker.table.report()) worker.reports.push_back(std::move(*report));
  }
  void list(Worker& worker, const std::vector<std::string>& tools) {
    with_list(tools, [&](json::Value page) {
      worker.table.begin();
      worker.table.take(page);
      worker.table.finish();
    });
    note(worker);
  }
  void glance(Worker& worker, const std::vector<std::string>& tools) {
    with_list(tools, [&](json::Value page) { worker.table.glance(page); });
    note(worker);
  }
  static Standing standing(Worker& worker, std::string_view name) {
    const KnownTool* known = worker.table.find(name);
    EXPECT_NE(known, nullptr) << name;
    return known != nullptr ? known->standing : Standing::unreviewed;
  }

  /// Every worker goes by these pins from now on.
  void publish(const PinSet& pins) {
    auto next = std::make_unique<ServerEntry>();
    next->settings = entry_->settings;
    next->pins = std::make_shared<const PinSet>(pins);
    for (Worker* worker : {one_.get(), other_.get()}) worker->outdated = worker->table.set_server(*next);
    entry_ = std::move(next);
  }
  static PinSet known(const std::vector<std::pair<std::string, Pin>>& tools) {
    PinSet pins;
    pins.known = true;
    for (const auto& [name, pin] : tools) pins.tools.emplace(name, pin);
    return pins;
  }
  static Pin reviewed(const std::string& definition) { return {digest_of(definition), digest_of(definition)}; }

  std::unique_ptr<ServerEntry> entry_;
  std::unique_ptr<Worker> one_;
  std::unique_ptr<Worker> other_;
};

TEST_F(Pinning, TheFirstWholeListCountsAsReviewedAndIsReportedOnce) {
  list(*one_, {tool("a"), tool("b")});
  EXPECT_EQ(standing(*one_, "a"), Standing::reviewed);
  EXPECT_TRUE(one_->table.offered("b"));
  ASSERT_EQ(one_->reports.size(), 1u);
  EXPECT_TRUE(one_->reports[0].first);
  EXPECT_EQ(one_->reports[0].server, "up");
  ASSERT_EQ(one_->reports[0].tools.size(), 2u);
  EXPECT_EQ(one_->reports[0].tools[0].digest, digest_of(tool("a")));
  EXPECT_EQ(sha256(one_->reports[0].tools[0].definition), one_->reports[0].tools[0].digest);
  list(*one_, {tool("a"), tool("b")});
  EXPECT_EQ(one_->reports.size(), 1u);
}

TEST_F(Pinning, AnEmptyFirstListIsNone) {
  list(*one_, {});
  EXPECT_TRUE(one_->reports.empty());
  EXPECT_TRUE(one_->table.wants_whole_list());
  list(*one_, {tool("a")});
  EXPECT_EQ(standing(*one_, "a"), Standing::reviewed);
  EXPECT_EQ(one_->reports.size(), 1u);
}

TEST_F(Pinning, UntilTheStoreHasChosenAWorkerGoesByItsOwnFirstList) {
  list(*one_, {tool("a")});
  list(*one_, {tool("a", "two"), tool("b")});
  EXPECT_EQ(standing(*one_, "a"), Standing::changed);
  EXPECT_EQ(standing(*one_, "b"), Standing::unreviewed);
}

TEST_F(Pinning, TwoWorkersWithTwoFirstListsConvergeOnTheStoredOne) {
  list(*one_, {tool("a", "one")});
  list(*other_, {tool("a", "two"), tool("b")});
  publish(known({{"a", reviewed(tool("a", "one"))}}));
  EXPECT_EQ(standing(*one_, "a"), Standing::reviewed);
  EXPECT_EQ(standing(*other_, "b"), Standing::unreviewed);
  // What the other met later is on its way to the store, which then tells all of them.
  PinSet pins = known({{"a", {digest_of(tool("a", "one")), digest_of(tool("a", "two"))}}, {"b", {std::nullopt, digest_of(tool("b"))}}});
  publish(pins);
  EXPECT_EQ(standing(*one_, "a"), Standing::changed);
  EXPECT_EQ(standing(*other_, "a"), Standing::changed);
}

TEST_F(Pinning, T149_AChangeWithholdsAndAChangeBackReleases) {
  publish(known({{"a", reviewed(tool("a"))}}));
  list(*one_, {tool("a")});
  EXPECT_TRUE(one_->reports.empty());
  const std::uint64_t before = one_->table.generation();
  list(*one_, {tool("a", "two")});
  EXPECT_NE(one_->table.generation(), before);
  EXPECT_EQ(standing(*one_, "a"), Standing::changed);
  EXPECT_FALSE(one_->table.offered("a"));
  ASSERT_EQ(one_->reports.size(), 1u);
  EXPECT_FALSE(one_->reports[0].first);
  list(*one_, {tool("a")});
  EXPECT_TRUE(one_->table.offered("a"));
  ASSERT_EQ(one_->reports.size(), 2u);
  EXPECT_EQ(one_->reports[1].tools[0].digest, digest_of(tool("a")));
}

TEST_F(Pinning, TheOrderOfKeysIsNoChange) {
  publish(known({{"a", reviewed(tool("a"))}}));
  list(*one_, {R"({ "inputSchema":{"type":"object"}, "name":"\u0061", "description":"one" })"});
  EXPECT_TRUE(one_->table.offered("a"));
  EXPECT_TRUE(one_->reports.empty());
}

TEST_F(Pinning, T149_AnotherWorkersSightingCounts) {
  publish(known({{"a", reviewed(tool("a"))}}));
  list(*other_, {tool("a")});
  publish(known({{"a", {digest_of(tool("a")), digest_of(tool("a", "two"))}}}));
  EXPECT_EQ(standing(*other_, "a"), Standing::changed);
  EXPECT_TRUE(other_->outdated);
  publish(known({{"a", {digest_of(tool("a", "two")), digest_of(tool("a", "two"))}}}));
  EXPECT_FALSE(other_->outdated);
  EXPECT_EQ(standing(*other_, "a"), Standing::reviewed);
}

TEST_F(Pinning, T150_AToolMissingFromAListIsNoChange) {
  publish(known({{"a", reviewed(tool("a"))}, {"b", reviewed(tool("b"))}}));
  list(*one_, {tool("a")});
  list(*one_, {tool("a"), tool("b")});
  EXPECT_TRUE(one_->table.offered("b"));
  for (const ToolReport& report : one_->reports) EXPECT_TRUE(report.tools.empty());
}

TEST_F(Pinning, AToolThatAWholeListDoesNotHoldIsReportedAsGoneAndThenAsBack) {
  PinSet pins = known({{"a", reviewed(tool("a"))}, {"b", reviewed(tool("b"))}});
  publish(pins);
  list(*one_, {tool("a")});
  ASSERT_EQ(one_->reports.size(), 1u);
  EXPECT_THAT(one_->reports[0].gone, ElementsAre("b"));
  EXPECT_TRUE(one_->reports[0].back.empty());
  pins.tools["b"].gone = true;
  publish(pins);
  list(*one_, {tool("a")});
  glance(*one_, {tool("a"), tool("b")});  // a page of a list tells of nothing that is missing
  EXPECT_EQ(one_->reports.size(), 1u);
  list(*one_, {tool("a"), tool("b")});
  ASSERT_EQ(one_->reports.size(), 2u);
  EXPECT_THAT(one_->reports[1].back, ElementsAre("b"));
  EXPECT_TRUE(one_->reports[1].gone.empty());
  EXPECT_TRUE(one_->reports[1].tools.empty());
}

TEST_F(Pinning, T139_ANewToolWaits) {
  publish(known({{"a", reviewed(tool("a"))}}));
  list(*one_, {tool("a"), tool("delete_everything")});
  EXPECT_EQ(standing(*one_, "delete_everything"), Standing::unreviewed);
  ASSERT_EQ(one_->reports.size(), 1u);
  EXPECT_EQ(one_->reports[0].tools[0].name, "delete_everything");
}

TEST_F(Pinning, T139_ANewToolOfAServerThatIncludesThemIsOfferedButPinned) {
  upstream::ProtocolSettings protocol;
  protocol.include_new = true;
  settings(protocol);
  publish(known({{"a", reviewed(tool("a"))}, {"rejected", {std::nullopt, digest_of(tool("rejected"))}}}));
  list(*one_, {tool("a"), tool("b"), tool("rejected")});
  EXPECT_TRUE(one_->table.offered("b"));
  EXPECT_EQ(standing(*one_, "rejected"), Standing::unreviewed);
  EXPECT_EQ(one_->reports.size(), 1u);
  list(*one_, {tool("a", "two"), tool("b", "two")});
  EXPECT_EQ(standing(*one_, "a"), Standing::changed);
  EXPECT_EQ(standing(*one_, "b"), Standing::changed);
  publish(known({{"a", reviewed(tool("a"))}}));
  EXPECT_EQ(standing(*one_, "b"), Standing::changed);  // also where the store has not yet stored it
}

TEST_F(Pinning, APageOfAClientsListIsChecked) {
  publish(known({{"a", reviewed(tool("a"))}, {"b", reviewed(tool("b"))}}));
  list(*one_, {tool("a"), tool("b")});
  glance(*one_, {tool("b", "two")});
  EXPECT_TRUE(one_->table.offered("a"));
  EXPECT_EQ(standing(*one_, "b"), Standing::changed);
  EXPECT_EQ(one_->reports.size(), 1u);
}

TEST_F(Pinning, PagesAloneAreNoFirstList) {
  glance(*one_, {tool("a")});
  EXPECT_TRUE(one_->table.offered("a"));
  EXPECT_TRUE(one_->table.wants_whole_list());
  EXPECT_TRUE(one_->reports.empty());
  list(*one_, {tool("a", "two"), tool("b")});
  EXPECT_EQ(standing(*one_, "a"), Standing::changed);  // the client was shown another one
  EXPECT_EQ(standing(*one_, "b"), Standing::reviewed);
  EXPECT_EQ(one_->reports.size(), 1u);
}

TEST_F(Pinning, WhatWasNotDeliveredIsReportedAgain) {
  publish(known({}));
  list(*one_, {tool("a")});
  EXPECT_EQ(one_->reports.size(), 1u);
  one_->table.report_refused();
  list(*one_, {tool("a")});
  EXPECT_EQ(one_->reports.size(), 2u);
}

TEST_F(Pinning, T146_ToolsBeyondTheCapAreWithheld) {
  std::vector<std::string> tools;
  for (std::size_t i = 0; i < mcp::kMostTools + 5; ++i) tools.push_back(tool("t" + std::to_string(i)));
  list(*one_, tools);
  EXPECT_TRUE(one_->table.offered("t" + std::to_string(mcp::kMostTools - 1)));
  EXPECT_FALSE(one_->table.offered("t" + std::to_string(mcp::kMostTools)));
  EXPECT_EQ(one_->table.find("t" + std::to_string(mcp::kMostTools)), nullptr);
}

TEST_F(Pinning, T146_AnOversizeToolIsWithheldAndReportedWithoutItsText) {
  publish(known({}));
  list(*one_, {tool("small"), tool("large", std::string(mcp::kLargestDefinition, 'x'))});
  EXPECT_EQ(one_->table.find("large"), nullptr);
  ASSERT_EQ(one_->reports.size(), 1u);
  EXPECT_EQ(one_->reports[0].tools[1].name, "large");
  EXPECT_TRUE(one_->reports[0].tools[1].definition.empty());
}

TEST_F(Pinning, T129_ANameOutsideTheGrammarIsAdmittedByItsSettingAlone) {
  list(*one_, {tool("a b"), tool("a"), tool("x\\u0001")});
  EXPECT_EQ(one_->table.find("a b"), nullptr);
  EXPECT_EQ(one_->reports[0].tools.size(), 2u);  // `doctor` shows it; a name of control characters is none
  upstream::ProtocolSettings protocol;
  protocol.admit_names = {"a b"};
  settings(protocol);
  list(*one_, {tool("a b"), tool("a  b")});
  EXPECT_TRUE(one_->table.offered("a b"));
  EXPECT_FALSE(one_->table.offered("a  b"));
}

TEST_F(Pinning, TheCategoryInForceOutlivesOtherRulesUntilTheDefinitionChanges) {
  const std::string deletes = tool("delete_row");
  PinSet pins = known({{"delete_row", {digest_of(deletes), digest_of(deletes)}}});
  pins.categories.emplace("delete_row", Category::read);
  list(*one_, {deletes});
  EXPECT_EQ(one_->table.category("delete_row"), Category::destructive);
  publish(pins);
  EXPECT_EQ(one_->table.category("delete_row"), Category::read);
  EXPECT_EQ(one_->table.find("delete_row")->classified, Category::destructive);
  list(*one_, {tool("delete_row", "two")});
  EXPECT_EQ(one_->table.category("delete_row"), Category::destructive);
}

}  // namespace
}  // namespace doorward::gateway
