#include "gateway/list_part.h"

#include <gtest/gtest.h>

#include "json/reader.h"

namespace doorward::gateway {
namespace {

class ListPartTest : public ::testing::Test {
 protected:
  bool take(const std::string& text, mcp::Method method = mcp::Method::tools_list) {
    const auto root = reader.read(text);
    EXPECT_TRUE(root);
    return part.take(text, *root, method);
  }
  std::string all(const std::string& prefix = "") {
    std::string out;
    bool first = true;
    std::string name;
    part.append(out, first, [&](const std::string& own) {
      name = prefix + own;
      return own == "hidden" ? nullptr : &name;
    });
    return out;
  }
  json::Reader reader;
  ListPart part;
};

TEST_F(ListPartTest, OnlyTheNameChanges) {
  EXPECT_TRUE(take(R"([ {"n":1e2, "name" : "get" ,"x":[ ]}, {"name":"h\u0069dden"},{"name":"p"} ])"));
  EXPECT_TRUE(take(R"([{"description":"name","name":"q\"\u00e9"}])"));
  EXPECT_EQ(all("a_"),
            R"({"n":1e2, "name" : "a_get" ,"x":[ ]},{"name":"a_p"},{"description":"name","name":"a_q\"é"})");
  EXPECT_EQ(part.names(), (std::vector<std::string>{"get", "hidden", "p", "q\"é"}));
}

TEST_F(ListPartTest, WhatHasNoNameOrCameBeforeIsLeftOut) {
  EXPECT_TRUE(take(R"([{"name":"a","n":1},{"name":"a","n":2},{"n":3},{"name":4},5,null])"));
  EXPECT_TRUE(take(R"([{"name":"a","n":6}])"));
  EXPECT_EQ(all(), R"({"name":"a","n":1})");
}

TEST_F(ListPartTest, ResourcesGoByTheirUri) {
  EXPECT_TRUE(take(R"([{"name":"x","uri":"memo://1"}])", mcp::Method::resources_list));
  EXPECT_TRUE(take(R"([{"name":"y","uriTemplate":"memo://{n}"}])", mcp::Method::resources_templates_list));
  EXPECT_EQ(part.names(), (std::vector<std::string>{"memo://1", "memo://{n}"}));
}

TEST_F(ListPartTest, AListWithoutEndIsNone_T145_T146) {
  std::string page = "[";
  for (int i = 0; i < 1000; ++i) page += "{\"name\":\"#" + std::to_string(i) + "\"},";
  page.back() = ']';
  bool taken = true;
  for (int i = 0; i < 100 && taken; ++i) {
    std::string next = page;
    for (std::size_t at = next.find('#'); at != std::string::npos; at = next.find('#', at + 1)) {
      next.replace(at, 1, "p" + std::to_string(i) + "-");
    }
    taken = take(next);
  }
  EXPECT_FALSE(taken);
  ListPart large;
  const std::string element = "[{\"name\":\"big\",\"x\":\"" + std::string(33u << 20, 'x') + "\"}]";
  const auto root = reader.read(element, {.bytes = 64u << 20});
  ASSERT_TRUE(root);
  EXPECT_FALSE(large.take(element, *root, mcp::Method::tools_list));
}

TEST_F(ListPartTest, NamesOutliveTheText) {
  EXPECT_TRUE(take(R"([{"name":"a"}])"));
  EXPECT_TRUE(part.has_text());
  part.drop_text();
  EXPECT_FALSE(part.has_text());
  EXPECT_EQ(part.names().size(), 1u);
}

}  // namespace
}  // namespace doorward::gateway
