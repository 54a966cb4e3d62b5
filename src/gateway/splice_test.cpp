#include "gateway/splice.h"

#include <gtest/gtest.h>

#include "json/reader.h"

namespace doorward::gateway {
namespace {

class SpliceTest : public ::testing::Test {
 protected:
  json::Value read(std::string_view text) {
    auto root = reader.read(text);
    EXPECT_TRUE(root) << text;
    return root ? *root : json::Value();
  }
  static std::string joined(Splice& splice) {
    std::string out;
    for (std::string_view piece : splice.pieces()) out += piece;
    EXPECT_EQ(splice.size(), out.size());
    return out;
  }
  json::Reader reader;
};

TEST_F(SpliceTest, WithoutReplacementsTheTextStays) {
  const std::string text = R"( {"id" : 1.0e0, "x":"ä"} )";
  Splice splice(text);
  EXPECT_EQ(joined(splice), text);
  Splice empty;
  EXPECT_EQ(joined(empty), "");
}

TEST_F(SpliceTest, ReplacesInAnyOrderAndKeepsEveryOtherByte) {
  const std::string text = R"({"id" :"a\u0062", "p":{ "t":  7, "s":[1, 2]},"e":null})";
  const json::Value root = read(text);
  const json::Value id = root.find("id"), token = root.find("p").find("t"), list = root.find("p").find("s");
  for (int order = 0; order < 6; ++order) {
    Splice splice(text);
    const auto one = [&](int which) {
      if (which == 0) splice.replace(id, "12");
      if (which == 1) splice.replace(token, "");
      if (which == 2) splice.replace(list, R"(["longer than before"])");
    };
    const int first = order / 2, second = (first + 1 + order % 2) % 3;
    one(first);
    one(second);
    one(3 - first - second);
    const std::string wanted = R"({"id" :12, "p":{ "t":  , "s":["longer than before"]},"e":null})";
    EXPECT_EQ(joined(splice), wanted) << order;
    EXPECT_EQ(joined(splice), wanted) << "asked twice";
  }
}

TEST_F(SpliceTest, AMissingValueChangesNothing) {
  const std::string text = R"({"id":1})";
  Splice splice(text);
  splice.replace(read(text).find("method"), "2");
  EXPECT_EQ(joined(splice), text);
}

TEST_F(SpliceTest, TheWholeTextAndNeighboursMayBeReplaced) {
  const std::string text = "[1,2,3,4,5,6]";
  const json::Value root = read(text);
  Splice whole(text);
  whole.replace(root, "{}");
  EXPECT_EQ(joined(whole), "{}");
  Splice most(text);
  for (std::size_t i = Splice::kMost; i-- > 0;) most.replace(root.at(i), "x");
  EXPECT_EQ(joined(most), "[x,x,x,x,x,x]");
}

TEST_F(SpliceTest, AppendWithoutLeavesTheOtherMembersAsTheyAre) {
  const std::string text = R"( {"a" : 1.50,"b":{"a":2}, "\u0063":"\u0041" ,"d":[ ]} )";
  const json::Value root = read(text);
  const auto without = [&](std::initializer_list<std::string_view> names) {
    std::string out = ">";
    append_without(out, text, root, names);
    return out;
  };
  EXPECT_EQ(without({}), R"(>{"a" : 1.50,"b":{"a":2},"\u0063":"\u0041","d":[ ]})");
  EXPECT_EQ(without({"a", "c"}), R"(>{"b":{"a":2},"d":[ ]})");  // by the name, however it is spelled
  EXPECT_EQ(without({"d"}), R"(>{"a" : 1.50,"b":{"a":2},"\u0063":"\u0041"})");
  EXPECT_EQ(without({"a", "b", "c", "d", "e"}), ">{}");
}

TEST_F(SpliceTest, BytesOfAValueAreThoseOfTheText) {
  const std::string text = R"({"id": "\u0061" })";
  EXPECT_EQ(bytes_of_value(text, read(text).find("id")), R"("\u0061")");
}

}  // namespace
}  // namespace doorward::gateway
