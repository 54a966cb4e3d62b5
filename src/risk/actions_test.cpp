#include "risk/actions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "json/reader.h"
#include "risk/classification.h"

namespace doorward::risk {
namespace {

/// A proposal for a tool of this schema.
std::optional<ActionProposal> proposed(std::string_view schema, std::vector<std::string_view> answers = {},
                                       std::string_view name = "tool") {
  json::Reader reader;
  const auto value = reader.read(schema);
  EXPECT_TRUE(value) << schema;
  ToolFacts facts;
  facts.name = name;
  facts.input_schema = *value;
  return propose_actions(facts, answers);
}

std::vector<std::string> names_of(const std::vector<HiddenAction>& actions) {
  std::vector<std::string> names;
  for (const HiddenAction& action : actions) names.push_back(action.name);
  return names;
}
using Names = std::vector<std::string>;

TEST(Actions, OfAnEnum) {
  const auto proposal = proposed(
      R"({"properties":{"action":{"type":"string","enum":["list","create","delete"]},"params":{"type":"object"}}})");
  ASSERT_TRUE(proposal);
  EXPECT_EQ(proposal->name_path, "args.action");
  EXPECT_EQ(proposal->args_path, "args.params");
  EXPECT_EQ(names_of(proposal->actions), (Names{"list", "create", "delete"}));
  EXPECT_TRUE(proposal->questions.empty());
  const auto flat = proposed(
      R"({"properties":{"my-operation":{"enum":["x"]},"operation":{"enum":["get_a","set_a"]},"id":{}}})");
  ASSERT_TRUE(flat);
  EXPECT_EQ(flat->args_path, "");
}

TEST(Actions, OfADescriptionAndOfVariants) {
  const auto told = proposed(
      R"({"properties":{"action":{"type":"string","description":"What to do: 'list', 'create' (needs a name) or \"delete\". Case matters."}}})");
  ASSERT_TRUE(told);
  EXPECT_EQ(names_of(told->actions), (Names{"list", "create", "delete"}));
  const auto variants = proposed(R"({"oneOf":[{"properties":{"action":{"const":"get_user"}}},
    {"properties":{"action":{"const":"delete_user"},"id":{}}}]})");
  ASSERT_TRUE(variants);
  EXPECT_EQ(names_of(variants->actions), (Names{"get_user", "delete_user"}));
}

TEST(Actions, AFreeNameBesideAnObjectOfArgumentsMustBeAskedFor) {
  const auto proposal = proposed(
      R"({"properties":{"category":{"type":"string","description":"Category name: system, storage, api"},
          "action":{"type":"string"},"params":{"type":"object"}}})");
  ASSERT_TRUE(proposal);
  EXPECT_TRUE(proposal->actions.empty());
  EXPECT_EQ(proposal->questions,
            (Names{R"({"category":"system"})", R"({"category":"storage"})", R"({"category":"api"})"}));
  const auto alone =
      proposed(R"({"properties":{"tool_name":{"type":"string"},"arguments":{"type":"object"}}})");
  ASSERT_TRUE(alone);
  EXPECT_EQ(alone->questions, Names{"{}"});
}

TEST(Actions, OneToolIsNoneThatHidesMany) {
  for (
      const char* schema :
      {"{}", R"({"properties":{"action":{"type":"string"}}})",
       R"({"properties":{"mode":{"enum":["create","delete"]}}})",
       R"({"properties":{"method":{"enum":["GET","POST","DELETE"]},"url":{}}})",
       R"({"properties":{"method":{"type":"string"},"path":{"type":"string"},"params":{"type":"object"}}})",
       R"({"properties":{"action":{"enum":["list","get"]}}})",
       R"({"properties":{"action":{"enum":["fast","slow"]}}})",
       R"({"properties":{"operation":{"enum":["add"]}}})",
       R"({"properties":{"action":{"type":"integer","enum":[1,2]}}})",
       R"({"properties":{"command":{"type":"string"},"options":{"type":"object"}}})",
       R"({"properties":{"filter":{"type":"object","properties":{"action":{"enum":["create","delete"]}}}}})"}) {
    EXPECT_FALSE(proposed(schema)) << schema;
  }
}

TEST(Actions, AsATextTellsThem) {
  const auto lines = told_actions(
      "Category: system\n\n3 available actions:\n\n  system_info \xe2\x80\x94 Get it: all of it\n"
      "  system_reboot \xe2\x80\x94 Reboot.\n    Required: confirm (Must be true (really)), delay (Seconds)\n"
      "    Optional: reason (Why, in words)\n  storage (2 actions) \xe2\x80\x94 is no action\n");
  EXPECT_EQ(names_of(lines), (Names{"system_info", "system_reboot"}));
  json::Reader reader;
  const auto tool = reader.read(lines[1].definition);
  ASSERT_TRUE(tool);
  const ToolFacts facts = facts_of("", *tool);
  EXPECT_EQ(facts.description, "Reboot.");
  const Parameters parameters = parameters_of(facts);
  ASSERT_EQ(parameters.list.size(), 3u);
  EXPECT_EQ(parameters.list[0].name, "confirm");
  EXPECT_EQ(parameters.list[0].description, "Must be true (really)");
  EXPECT_TRUE(parameters.list[1].required);
  EXPECT_EQ(parameters.list[2].description, "Why, in words");
  EXPECT_FALSE(parameters.list[2].required);

  EXPECT_EQ(names_of(told_actions("- `list_pools`: Lists\n* drop_pool - Drops\n")),
            (Names{"list_pools", "drop_pool"}));
  EXPECT_EQ(names_of(told_actions("pool_list\npool_get\n")), (Names{"pool_list", "pool_get"}));
  EXPECT_EQ(names_of(told_actions(R"(["a","b"])")), (Names{"a", "b"}));
  const auto objects = told_actions(
      R"({"actions":[{"name":"a","description":"d","inputSchema":{"properties":{"x":{}}}},{"no":1}]})");
  ASSERT_EQ(names_of(objects), Names{"a"});
  EXPECT_NE(objects[0].definition.find(R"("inputSchema":{"properties":{"x":{}}})"), std::string::npos);
  for (const char* none :
       {"", "Nothing here to see.", "{}", "[1,2]", "{\"actions\":7}", "[", "Usage: call it."})
    EXPECT_TRUE(told_actions(none).empty()) << none;
}

TEST(Actions, NamesThatCollideAreNotSet) {
  const std::string_view schema =
      R"({"properties":{"action":{"enum":["list","create","drop"]},"params":{"type":"object"}}})";
  std::vector<ActionProposal> proposals = {
      *proposed(schema, {}, "users"), *proposed(schema, {}, "groups"),
      *proposed(R"({"properties":{"action":{"enum":["boot","kill_vm"]}}})", {}, "vm")};
  const std::vector<std::string_view> tools = {"users", "groups", "vm"};
  const ActionSetting setting = settle_actions(proposals, tools);
  EXPECT_EQ(setting.problems.size(), 2u);
  EXPECT_EQ(write_setting(setting),
            R"("actions":[{"tool":"vm","name":"args.action","list":["boot","kill_vm"]}])");
  const std::vector<std::string_view> taken = {"vm", "boot"};
  EXPECT_EQ(write_setting(settle_actions({proposals[2]}, taken)), "");
}

TEST(Actions, HostileTextsAreBounded) {
  std::string text;
  for (std::size_t i = 0; i < 2 * kMostActions; ++i) text += "a" + std::to_string(i) + "\n";
  EXPECT_LE(told_actions(text).size(), kMostActions);
  const std::string deep(100'000, '(');
  EXPECT_LE(told_actions("a \xe2\x80\x94 b\nRequired: x " + deep).size(), 1u);
  EXPECT_FALSE(proposed(R"({"properties":{"action":{"type":"string","description":")" + deep + R"("}}})"));
}

/// The one tool of a captured list and what it answers for each category.
class TrueNas : public testing::Test {
 protected:
  void SetUp() override {
    std::ifstream file("../shared/data/tool-lists/truenas-mcp.json");
    if (!file) GTEST_SKIP() << "../shared/data/tool-lists is absent";
    std::stringstream text;
    text << file.rdbuf();
    text_ = text.str();
    const auto list = reader_.read(text_);
    ASSERT_TRUE(list);
    facts_ = facts_of("truenas", list->find("tools").at(0));
    for (const json::Member member : list->find("actionsTextByCategory").members()) {
      questions_.insert(R"({"category":")" + std::string(member.key.string()) + R"("})");
      answers_.push_back(member.value.string());
    }
  }
  std::string text_;
  json::Reader reader_;
  ToolFacts facts_;
  std::vector<std::string_view> answers_;
  std::set<std::string> questions_;
};

TEST_F(TrueNas, IsAskedForEachOfItsCategories) {
  EXPECT_TRUE(classify(facts_).has(Signal::many_actions));
  EXPECT_GE(classify(facts_).severity, Severity::high);
  const auto proposal = propose_actions(facts_);
  ASSERT_TRUE(proposal);
  EXPECT_EQ(std::set<std::string>(proposal->questions.begin(), proposal->questions.end()), questions_);
}

TEST_F(TrueNas, Has278ActionsEachClassifiedAsATool) {
  const auto proposal = propose_actions(facts_, answers_);
  ASSERT_TRUE(proposal);
  EXPECT_EQ(proposal->actions.size(), 278u);
  const ActionSetting setting = settle_actions({*proposal}, std::vector<std::string_view>{"truenas"});
  EXPECT_TRUE(setting.problems.empty());
  EXPECT_TRUE(write_setting(setting).starts_with(
      R"("actions":[{"tool":"truenas","name":"args.action","args":"args.params","list":[")"));

  std::map<std::string, Classification> all;
  for (const HiddenAction& action : proposal->actions) {
    json::Reader reader;
    const auto tool = reader.read(action.definition);
    ASSERT_TRUE(tool) << action.definition;
    all[action.name] = classify(facts_of("truenas", *tool));
    if (!action.name.ends_with("_delete")) continue;
    EXPECT_EQ(all[action.name].category, Category::destructive) << action.name;
  }
  EXPECT_EQ(all.size(), 278u);
  EXPECT_EQ(all.at("pool_list").category, Category::read);
  EXPECT_EQ(all.at("pool_list").severity, Severity::low);
  EXPECT_EQ(all.at("api_key_create").category, Category::write);
  EXPECT_EQ(all.at("api_key_create").severity, Severity::high);
  EXPECT_TRUE(all.at("api_key_create").has(Signal::returns_secrets));
  EXPECT_TRUE(all.at("truenas_api_call").has(Signal::raw_api));
  EXPECT_GE(all.at("truenas_api_call").severity, Severity::high);
  EXPECT_TRUE(all.at("truenas_api_call").has(Signal::opaque_argument));
  EXPECT_TRUE(all.at("user_set_password").has(Signal::handles_secrets));
}

}  // namespace
}  // namespace doorward::risk
