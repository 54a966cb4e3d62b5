#include "policy/actions.h"

#include <gtest/gtest.h>

#include <string>

#include "json/reader.h"
#include "policy/test_support.h"

namespace doorward::policy {
namespace {

ActionMap truenas() {
  const ActionTool tool{"truenas", "args.action", "args.params", {"pool_list", "api_key_delete"}};
  auto map = ActionMap::make(std::span(&tool, 1));
  EXPECT_TRUE(map.has_value());
  return std::move(*map);
}

std::string resolved(const std::string& tool, const std::string& args) {
  const ActionMap map = truenas();
  json::Reader reader;
  json::Value value;
  if (!args.empty()) value = *reader.read(args);
  const Resolved out = map.resolve(tool, value);
  std::string text = out.kind == Resolved::Kind::plain    ? "plain "
                     : out.kind == Resolved::Kind::action ? "action "
                                                          : "unknown ";
  text += std::string(out.tool);
  if (out.kind == Resolved::Kind::action)
    text += !out.args
                ? " none"
                : " " + args.substr(out.args.begin_offset(), out.args.end_offset() - out.args.begin_offset());
  return text;
}

TEST(Actions, AnActionIsJudgedByItsOwnNameAndArguments) {
  EXPECT_EQ(resolved("truenas", R"({"action":"pool_list","params":{"a":1}})"), "action pool_list {\"a\":1}");
  EXPECT_EQ(resolved("truenas", R"({"action":"pool\u005flist"})"), "action pool_list none");
  EXPECT_EQ(resolved("truenas", R"({"action":"pool_list","params":null})"), "action pool_list none");
}

TEST(Actions, WithoutTheArgumentItIsTheOuterTool) {
  EXPECT_EQ(resolved("truenas", R"({"category":"x"})"), "plain truenas");
  EXPECT_EQ(resolved("truenas", ""), "plain truenas");
  EXPECT_EQ(resolved("other", R"({"action":"pool_list"})"), "plain other");
}

TEST(Actions, AnythingElseIsUnknown) {
  EXPECT_EQ(resolved("truenas", R"({"action":null})"), "unknown truenas");
  EXPECT_EQ(resolved("truenas", R"({"action":["api_key_delete"]})"), "unknown truenas");
  EXPECT_EQ(resolved("truenas", R"({"action":7})"), "unknown truenas");
  EXPECT_EQ(resolved("truenas", R"({"action":"api_key_create"})"), "unknown api_key_create");
  EXPECT_EQ(resolved("truenas", R"({"action":"API_KEY_DELETE"})"), "unknown API_KEY_DELETE");
  EXPECT_EQ(resolved("truenas", R"({"action":""})"), "unknown ");
}

TEST(Actions, BrokenWaysToTheArgumentsAreErrorsOfConditions) {
  const ActionTool tool{"t", "args.do", "args.a.b", {"x"}};
  const auto map = ActionMap::make(std::span(&tool, 1));
  ASSERT_TRUE(map.has_value());
  const auto policy = testing::load_or_fail(
      R"({"version":"1","default":"deny","tools":{"x":{"require":[{"conditions":[{"path":"args.n","op":"exists","value":false}]}]}}})");
  testing::CallUnderTest under_test("t", R"({"do":"x","a":"text"})");
  const Resolved out = map->resolve("t", under_test.call.args);
  under_test.call.tool = out.tool;
  under_test.call.args = out.args;
  EXPECT_EQ(testing::judged(*policy, under_test.call),
            "deny /tools/x/require/args.n-exists-type @ /tools/x/require/0/conditions/0");
}

TEST(Actions, SettingsAreChecked) {
  const auto refused = [](ActionTool tool) { return !ActionMap::make(std::span(&tool, 1)).has_value(); };
  EXPECT_TRUE(refused({"t", "action", "", {"a"}}));
  EXPECT_TRUE(refused({"t", "args.list[*]", "", {"a"}}));
  EXPECT_TRUE(refused({"t", "tool.name", "", {"a"}}));
  EXPECT_TRUE(refused({"t", "args.action", "params", {"a"}}));
  EXPECT_TRUE(refused({"t", "args.action", "", {}}));
  EXPECT_TRUE(refused({"t", "args.action", "", {"a", "a"}}));
  EXPECT_FALSE(refused({"t", "args.action", "", {"a"}}));
  const std::vector<ActionTool> twice = {{"t", "args.action", "", {"a"}}, {"t", "args.action", "", {"b"}}};
  EXPECT_FALSE(ActionMap::make(twice).has_value());
  EXPECT_EQ(truenas().actions_of("truenas").size(), 2u);
  EXPECT_TRUE(truenas().actions_of("other").empty());
}

}  // namespace
}  // namespace doorward::policy
