#include "gateway/tool_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/reader.h"
#include "policy/test_support.h"

namespace doorward::gateway {
namespace {

class ToolTableTest : public ::testing::Test {
 protected:
  struct Nas : ServerEntry {
    Nas() {
      upstream::ServerSettings given;
      given.name = "nas";
      given.protocol.include_new = true;
      given.actions = {{"truenas", "args.action", "", {"pool_list", "pool_delete"}}};
      const policy::ActionTool tool{"truenas", "args.action", "", {"pool_list", "pool_delete"}};
      settings = std::make_shared<const upstream::ServerSettings>(given);
      actions = std::move(*policy::ActionMap::make({&tool, 1}));
    }
  };
  /// A page of a list from its tools.
  void take(const std::string& tools) {
    const std::string text = R"({"tools":[)" + tools + "]}";
    json::Reader reader;
    const auto root = reader.read(text);
    ASSERT_TRUE(root) << text;
    table.take(*root);
  }
  void list(const std::string& tools) {
    table.begin();
    take(tools);
    table.finish();
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    table.for_each([&](const std::string& name, const KnownTool&) { all.push_back(name); });
    std::ranges::sort(all);
    return all;
  }
  static std::string tool(const std::string& name, const std::string& members = "") {
    const bool has_schema = members.find("inputSchema") != std::string::npos;
    return R"({"name":")" + name + '"' + (has_schema ? "" : R"(,"inputSchema":{"type":"object"})") +
           (members.empty() ? "" : "," + members) + "}";
  }
  static std::string schema(const std::string& property) {
    return R"("inputSchema":{"type":"object","properties":{"p":{)" + property + "}}}";
  }

  const Nas entry_;
  ToolTable table{entry_};
};

TEST_F(ToolTableTest, KnowsNothingBeforeTheFirstWholeList) {
  EXPECT_FALSE(table.known());
  EXPECT_EQ(table.find("a"), nullptr);
  table.begin();
  take(tool("a"));
  EXPECT_FALSE(table.known());
  EXPECT_EQ(table.find("a"), nullptr);
  take(tool("b"));
  table.finish();
  EXPECT_TRUE(table.known());
  EXPECT_THAT(names(), ::testing::ElementsAre("a", "b"));
}

TEST_F(ToolTableTest, ANewListReplacesTheOldOneAtItsEnd) {
  list(tool("a") + "," + tool("b"));
  table.begin();
  take(tool("c"));
  EXPECT_NE(table.find("a"), nullptr);
  EXPECT_EQ(table.find("c"), nullptr);
  table.begin();  // given up: begins anew
  take(tool("d"));
  table.finish();
  EXPECT_THAT(names(), ::testing::ElementsAre("d"));
}

TEST_F(ToolTableTest, AToolWhoseHeadersAreNotWellFormedIsWithheld_T060) {
  for (const char* property :
       {R"("type":"string","x-mcp-header":"Authorization")", R"("type":"string","x-mcp-header":"")",
        R"("type":"string","x-mcp-header":"a b")", R"("type":"string","x-mcp-header":"a\r\nb")",
        R"("type":"number","x-mcp-header":"Amount")", R"("type":"string","x-mcp-header":1)",
        R"("type":"array","items":{"type":"string","x-mcp-header":"Item"})"}) {
    list(tool("good") + "," + tool("bad", schema(property)) + "," +
         tool("header", schema(R"("type":"string","x-mcp-header":"Region")")));
    EXPECT_EQ(table.find("bad"), nullptr) << property;
    EXPECT_FALSE(table.offered("bad")) << property;
    ASSERT_NE(table.find("good"), nullptr);
    EXPECT_TRUE(table.find("good")->mirror.empty());
    EXPECT_TRUE(table.offered("good"));
    ASSERT_NE(table.find("header"), nullptr);
    EXPECT_FALSE(table.find("header")->mirror.empty());
    EXPECT_THAT(names(), ::testing::ElementsAre("good", "header"));
  }
  EXPECT_FALSE(table.offered("no-such-tool"));
}

TEST_F(ToolTableTest, NamesOutsideTheGrammarDoNotExist_T129) {
  list(tool("ok.Name_1-x") + R"(,{"name":""},{"name":7},{},7,)" + tool("a b") + "," + tool("a\\u0000") + "," +
       tool("t\u00f6\u00f6l") + "," + tool("a/b") + "," + tool(std::string(129, 'x')) + "," +
       tool(std::string(128, 'y')));
  EXPECT_THAT(names(), ::testing::ElementsAre("ok.Name_1-x", std::string(128, 'y')));
}

TEST_F(ToolTableTest, TheFirstOfTwoToolsOfAName) {
  table.begin();
  take(tool("get", R"("annotations":{"readOnlyHint":false})") + "," + tool("get"));
  take(tool("get") + "," + tool("set"));
  table.finish();
  EXPECT_EQ(table.find("get")->category, Category::write);
  EXPECT_THAT(names(), ::testing::ElementsAre("get", "set"));
}

TEST_F(ToolTableTest, CategoriesComeFromNameAndAnnotationsAndAreNeverLowered) {
  list(tool("read_file") + "," + tool("delete_user", R"("annotations":{"readOnlyHint":true})") + "," +
       tool("list_users", R"("annotations":{"destructiveHint":true,"readOnlyHint":false})"));
  EXPECT_EQ(table.category("read_file"), Category::read);
  EXPECT_EQ(table.category("delete_user"), Category::destructive);
  EXPECT_EQ(table.category("list_users"), Category::write);
  EXPECT_EQ(table.category("pool_delete"), Category::destructive);  // an action, in no list
}

TEST_F(ToolTableTest, AnIndexIsMadeOncePerPolicyAndList) {
  const auto policy = doorward::testing::load_or_fail(R"({"version":"1","default":"allow"})");
  const auto other = doorward::testing::load_or_fail(R"({"version":"1","default":"deny"})");
  list(tool("truenas") + "," + tool("read_file"));
  const policy::ToolIndex& index = table.index(policy);
  EXPECT_EQ(index.policy(), policy.get());
  EXPECT_NE(index.find("read_file", Category::read), nullptr);
  EXPECT_NE(index.find("pool_list", table.category("pool_list")), nullptr);
  EXPECT_EQ(index.find("write_file", Category::write), nullptr);
  EXPECT_EQ(table.index(other).policy(), other.get());
  EXPECT_EQ(&table.index(policy), &index);
  list(tool("write_file"));
  EXPECT_NE(table.index(policy).find("write_file", Category::write), nullptr);
  EXPECT_EQ(table.index(policy).find("read_file", Category::read), nullptr);
}

TEST_F(ToolTableTest, UnderNewSettingsTheActionsAreMatchedAnew) {
  const auto policy = doorward::testing::load_or_fail(R"({"version":"1","default":"allow"})");
  list(tool("truenas"));
  EXPECT_NE(table.index(policy).find("pool_list", table.category("pool_list")), nullptr);
  ServerEntry bare;
  bare.settings = entry_.settings;
  table.set_server(bare);
  EXPECT_TRUE(table.known());
  EXPECT_EQ(table.index(policy).find("pool_list", table.category("pool_list")), nullptr);
}

}  // namespace
}  // namespace doorward::gateway
