#include "mcp/tool_list.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "json/reader.h"
#include "json/test_support.h"
#include "mcp/tool_name.h"

namespace doorward::mcp {
namespace {

std::string filtered(const std::string& text, auto&& keep) {
  json::Reader reader;
  const json::Value result = *reader.read(text);
  std::string out;
  return append_filtered_tools(out, text, result.begin_offset(), result.end_offset(), result, keep)
             ? out
             : "<no list>";
}

TEST(ToolList, KeepsEveryOtherByte) {
  const std::string text =
      R"({ "ttlMs" : 5, "tools": [ {"name":"a", "x" : 1.50}, {"name":"b"} ,{"title":"é","name":"c\u0000"}], "nextCursor":"n" })";
  EXPECT_EQ(
      filtered(text, [](std::string_view) { return true; }),
      R"({ "ttlMs" : 5, "tools": [{"name":"a", "x" : 1.50},{"name":"b"},{"title":"é","name":"c\u0000"}], "nextCursor":"n" })");
  EXPECT_EQ(filtered(text, [](std::string_view name) { return name == "b"; }),
            R"({ "ttlMs" : 5, "tools": [{"name":"b"}], "nextCursor":"n" })");
  EXPECT_EQ(filtered(text, [](std::string_view) { return false; }),
            R"({ "ttlMs" : 5, "tools": [], "nextCursor":"n" })");
  EXPECT_EQ(filtered(text, is_tool_name),
            R"({ "ttlMs" : 5, "tools": [{"name":"a", "x" : 1.50},{"name":"b"}], "nextCursor":"n" })");
}

TEST(ToolList, T134_WithholdsWhatCannotBeTold) {
  const auto all = [](std::string_view) { return true; };
  EXPECT_EQ(
      filtered(R"({"tools":[{"name":"a","v":1},{"name":"\u0061","v":2},{},{"name":1},"a",null,[]]})", all),
      R"({"tools":[{"name":"a","v":1}]})");
  EXPECT_EQ(filtered(R"({"tools":{}})", all), "<no list>");
  EXPECT_EQ(filtered(R"({"Tools":[]})", all), "<no list>");
}

TEST(ToolList, ExtractsTools) {
  json::Reader reader;
  const std::string text =
      R"({"tools":[{"name":"a","annotations":{"readOnlyHint":true},"inputSchema":{"type":"object"}},{"name":"a"},{"name":"b","annotations":1}]})";
  std::vector<std::string> seen;
  for_each_tool(*reader.read(text), [&](const ListedTool& tool) {
    seen.push_back(std::string(tool.name) + (tool.annotations ? "+" : "-") + (tool.input_schema ? "+" : "-"));
  });
  EXPECT_EQ(seen, (std::vector<std::string>{"a++", "b--"}));
}

TEST(ToolList, OtherListsAreEmptied) {
  json::Reader reader;
  const std::string text =
      R"({"jsonrpc":"2.0","id":1,"result":{"resources":[{"uri":"a:"},{"uri":"b:"}],"x":1}})";
  const json::Value root = *reader.read(text);
  std::string out;
  append_filtered(out, text, 0, text.size(), root.find("result").find("resources"),
                  [](json::Value) { return false; });
  EXPECT_EQ(out, R"({"jsonrpc":"2.0","id":1,"result":{"resources":[],"x":1}})");
}

// The lists of twenty real servers: nothing lost when all is kept, one tool less when one is hidden.
TEST(ToolList, RealServers) {
  const auto folder = testing::shared_path("data/tool-lists");
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is absent";
  std::size_t lists = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    const std::string text = testing::read_file(entry.path());
    json::Reader reader;
    const auto root = reader.read(text);
    ASSERT_TRUE(root) << entry.path() << ": " << root.error().message;
    const json::Value result = root->find("tools") ? *root : root->find("result");
    std::vector<std::string> names;
    for_each_tool(result, [&](const ListedTool& tool) { names.emplace_back(tool.name); });
    if (names.empty()) continue;
    ++lists;
    for (const std::string& name : names) EXPECT_TRUE(is_tool_name(name)) << name;
    std::string out;
    ASSERT_TRUE(append_filtered_tools(out, text, 0, text.size(), result,
                                      [&](std::string_view n) { return n != names[0]; }));
    json::Reader again;
    const auto parsed = again.read(out);
    ASSERT_TRUE(parsed) << entry.path();
    std::vector<std::string> left;
    for_each_tool(parsed->find("tools") ? *parsed : parsed->find("result"),
                  [&](const ListedTool& tool) { left.emplace_back(tool.name); });
    names.erase(names.begin());
    EXPECT_EQ(left, names) << entry.path();
  }
  EXPECT_GE(lists, 20u);
}

}  // namespace
}  // namespace doorward::mcp
