#include "json/edit.h"

#include <gtest/gtest.h>

#include "json/reader.h"

namespace doorward::json {
namespace {

class Edits : public ::testing::Test {
 protected:
  Value read(std::string_view text) {
    const auto root = reader_.read(text);
    EXPECT_TRUE(root.has_value()) << text;
    return root ? *root : Value();
  }
  Reader reader_;
};

TEST_F(Edits, AddInTheStyleOfWhatStandsThere) {
  std::string_view text = "{\n  \"a\": 1\n}";
  EXPECT_EQ(edited(text, append_member(text, read(text), "b", "2")), "{\n  \"a\": 1,\n  \"b\": 2\n}");
  text = R"({"a": [1]})";
  EXPECT_EQ(edited(text, append_in_list(text, read(text), "a", "2")), R"({"a": [1, 2]})");
  EXPECT_EQ(edited(text, append_in_list(text, read(text), "b", "2")), R"({"a": [1], "b": [2]})");
  text = "{}";
  EXPECT_EQ(edited(text, append_member(text, read(text), "a\"", "1")), R"({"a\"": 1})");
}

TEST_F(Edits, ReplaceAndTakeAway) {
  std::string_view text = R"({"a": [1, "x" , 3], "b": [ 1 ]})";
  const Value list = read(text).find("a");
  EXPECT_EQ(edited(text, replace_value(list.at(1), "2")), R"({"a": [1, 2 , 3], "b": [ 1 ]})");
  EXPECT_EQ(edited(text, erase_element(list, 0)), R"({"a": ["x" , 3], "b": [ 1 ]})");
  EXPECT_EQ(edited(text, erase_element(list, 1)), R"({"a": [1 , 3], "b": [ 1 ]})");
  EXPECT_EQ(edited(text, erase_element(list, 2)), R"({"a": [1, "x"], "b": [ 1 ]})");
  EXPECT_EQ(edited(text, erase_element(read(text).find("b"), 0)), R"({"a": [1, "x" , 3], "b": []})");
}

}  // namespace
}  // namespace doorward::json
