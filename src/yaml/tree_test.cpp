#include "yaml/tree.h"

#include <gtest/gtest.h>

#include <string>

namespace doorward::yaml {
namespace {

struct Refusal {
  const char* name;
  std::string text;
  std::size_t line;
  std::size_t column;
  const char* part;  ///< of the message
};

class YamlRefusal : public testing::TestWithParam<Refusal> {};

TEST_P(YamlRefusal, NamesThePlace) {
  const auto tree = read(GetParam().text);
  ASSERT_FALSE(tree.has_value());
  EXPECT_EQ(tree.error().line, GetParam().line);
  EXPECT_EQ(tree.error().column, GetParam().column);
  EXPECT_NE(tree.error().message.find(GetParam().part), std::string::npos) << tree.error().message;
}

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

// T287: alias bomb and duplicate keys, refused before anything is expanded.
INSTANTIATE_TEST_SUITE_P(
    T287, YamlRefusal,
    testing::Values(Refusal{"Duplicate", "a: 1\nb: 2\na: 3\n", 3, 1, "duplicate key \"a\""},
                    Refusal{"DuplicateQuoted", "a: 1\n\"\\x61\": 3\n", 2, 1, "duplicate key \"a\""},
                    Refusal{"DuplicateNested", "s:\n  - {x: 1, x: 2}\n", 2, 12, "duplicate key \"x\""},
                    Refusal{"Anchor", "a: &one 1\n", 1, 4, "anchors"},
                    Refusal{"AnchorOnMap", "a: &m\n  b: 1\n", 1, 4, "anchors"},
                    Refusal{"Alias", "a: 1\nb: *x\n", 2, 4, "anchor"},
                    Refusal{"AliasBomb", "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n", 1, 4, "anchors"},
                    Refusal{"Tag", "a: !!str 1\n", 1, 4, "tags"},
                    Refusal{"LocalTag", "a: !env X\n", 1, 4, "tags"},
                    Refusal{"LoneTag", "a: ! 1\n", 1, 4, "tags"},
                    Refusal{"TagOnList", "a: !!seq [1]\n", 1, 4, "tags"},
                    Refusal{"Merge", "a:\n  <<: {b: 1}\n", 2, 3, "merge keys"},
                    Refusal{"ListAsKey", "? [a]\n: 1\n", 1, 3, "must be a name"},
                    Refusal{"NullKey", "{~: 1}\n", 1, 2, "must be a name"},
                    Refusal{"TwoDocuments", "a: 1\n---\nb: 2\n", 0, 0, "second document"},
                    Refusal{"ByteOrderMark",
                            "\xEF\xBB\xBF"
                            "a: 1\n",
                            1, 1, "byte-order mark"},
                    Refusal{"NotUtf8", "a: 1\nb: \xFF\n", 2, 4, "UTF-8"},
                    Refusal{"Surrogate", "a: \xED\xA0\x80\n", 1, 4, "UTF-8"},
                    Refusal{"Nul", std::string("a: \0b\n", 6), 1, 4, "control characters"},
                    Refusal{"NulByEscape", "a: \"\\0\"\n", 1, 4, "NUL"},
                    Refusal{"Escape", "a: \x1b[31m\n", 1, 4, "control characters"},
                    Refusal{"TooDeep", nested(kMostDepth + 1), 1, kMostDepth + 1, "nested deeper"},
                    Refusal{"TooLong", std::string(kMostBytes + 1, ' '), 0, 0, "longer than"},
                    Refusal{"Unfinished", "a: [1,\n", 2, 1, "not YAML"},
                    Refusal{"Colons", "a: b: c\n", 1, 5, "not YAML"}),
    [](const auto& row) { return row.param.name; });

TEST(YamlTree, KeepsPlacesAndKinds) {
  const auto tree = read("# head\nname: x\nlist:\n  - 1\n  - \"1\"\n  - yes\n  - true\nempty:\n");
  ASSERT_TRUE(tree.has_value()) << tree.error().message;
  ASSERT_EQ(tree->kind, Node::Kind::mapping);
  EXPECT_EQ(tree->entries[1].line, 3U);
  const Node& list = *tree->find("list");
  ASSERT_EQ(list.items.size(), 4U);
  EXPECT_EQ(list.items[1].line, 5U);
  EXPECT_EQ(list.items[1].column, 5U);
  EXPECT_TRUE(list.items[0].is_number());
  EXPECT_FALSE(list.items[1].is_number());
  EXPECT_FALSE(list.items[2].is_boolean());
  EXPECT_TRUE(list.items[3].is_boolean());
  EXPECT_EQ(tree->find("empty")->kind, Node::Kind::null);
  EXPECT_EQ(tree->find("nothing"), nullptr);
}

TEST(YamlTree, TakesTheLimitsThemselves) {
  EXPECT_TRUE(read(nested(kMostDepth)).has_value());
  EXPECT_TRUE(read("").has_value());
  EXPECT_TRUE(read("# only a comment\n").has_value());
}

TEST(YamlTree, BecomesJson) {
  const auto tree = read(
      "version: \"1\"\nrate: 5/hour\nn: 10000.0000000000000001\nodd: [0x10, 007, .5, 1_0, no, ~, -0]\n"
      "say: \"a\\\"b\\n\"\nmore: {}\n");
  ASSERT_TRUE(tree.has_value()) << tree.error().message;
  EXPECT_EQ(to_json(*tree),
            "{\"version\":\"1\",\"rate\":\"5/hour\",\"n\":10000.0000000000000001,"
            "\"odd\":[\"0x10\",\"007\",\".5\",\"1_0\",\"no\",null,-0],\"say\":\"a\\\"b\\n\",\"more\":{}}");
}

TEST(YamlTree, ReadsJsonToo) {
  const auto tree = read("{\"url\": \"http://x/\", \"list\": [1, true, null, \"\\u00e9\"]}");
  ASSERT_TRUE(tree.has_value()) << tree.error().message;
  EXPECT_EQ(to_json(*tree), "{\"url\":\"http://x/\",\"list\":[1,true,null,\"\xC3\xA9\"]}");
}

}  // namespace
}  // namespace doorward::yaml
