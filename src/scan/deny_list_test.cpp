#include "scan/deny_list.h"

#include <gtest/gtest.h>

#include "json/reader.h"
#include "policy/loader.h"

namespace doorward::scan {
namespace {

std::vector<catalogue::ToolRecord> tools(std::initializer_list<std::pair<std::string, Severity>> all) {
  std::vector<catalogue::ToolRecord> out;
  for (const auto& [name, severity] : all) {
    out.emplace_back().name = name;
    out.back().classification.severity = severity;
  }
  return out;
}

TEST(DenyList, of_claude_code_names_tools_as_it_does) {
  const auto list = deny_list(DenyFormat::claude_code, "my server",
                              tools({{"delete.all", Severity::critical}, {"read", Severity::low}, {"drop_table", Severity::critical}}),
                              Severity::critical);
  EXPECT_EQ(list.tools, 2u);
  json::Reader reader;
  const auto root = reader.read(list.text);
  ASSERT_TRUE(root) << list.text;
  const json::Value deny = root->find("permissions").find("deny");
  ASSERT_EQ(deny.size(), 2u);
  EXPECT_EQ(deny.at(0).string(), "mcp__my_server__delete_all");
  EXPECT_EQ(deny.at(1).string(), "mcp__my_server__drop_table");
  EXPECT_EQ(list.notes.size(), 1u);
}

TEST(DenyList, leaves_out_what_the_client_drops) {
  const auto list = deny_list(DenyFormat::claude_code, "s", tools({{std::string(140, 'x'), Severity::critical}}), Severity::high);
  EXPECT_EQ(list.tools, 0u);
  EXPECT_EQ(list.text, "");
  EXPECT_EQ(list.notes.size(), 1u);
}

TEST(DenyList, of_codex_is_toml) {
  const auto list = deny_list(DenyFormat::codex, "my.server", tools({{"a\"b\n", Severity::critical}, {"c", Severity::high}}), Severity::high);
  EXPECT_EQ(list.text, "[mcp_servers.\"my.server\"]\ndisabled_tools = [\n  \"a\\\"b\\n\",\n  \"c\",\n]\n");
}

TEST(DenyList, of_doorward_is_a_policy_that_loads) {
  const auto list = deny_list(DenyFormat::doorward, "s", tools({{"delete", Severity::critical}, {"x*", Severity::critical}}), Severity::critical);
  EXPECT_EQ(list.notes.size(), 1u);
  EXPECT_NE(list.text.find("\"hide\": [\n    \"delete\"\n  ]"), std::string::npos);
  const auto loaded = policy::load(list.text);
  EXPECT_TRUE(loaded) << list.text;
}

TEST(DenyList, an_action_is_no_tool_of_the_client) {
  auto all = tools({{"delete", Severity::critical}});
  all[0].outer = "manage";
  const auto list = deny_list(DenyFormat::claude_code, "s", all, Severity::critical);
  EXPECT_EQ(list.tools, 0u);
  EXPECT_EQ(list.notes.size(), 1u);
}

}  // namespace
}  // namespace doorward::scan
