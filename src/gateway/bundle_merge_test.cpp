#include "gateway/bundle_merge.h"

#include <gtest/gtest.h>

#include <vector>

namespace doorward::gateway {
namespace {

std::string merged(std::vector<std::string> members) {
  json::Reader reader;
  return merge_capabilities(members, reader);
}

TEST(MergeCapabilities, WhatOneMemberHasTheBundleHas) {
  EXPECT_EQ(merged({R"({"tools":{"listChanged":true}})", R"({"tools":{},"resources":{"subscribe":true}})",
                    R"({"logging":{},"completions":{},"resources":{"listChanged":true,"subscribe":false}})"}),
            R"({"completions":{},"logging":{},"resources":{"listChanged":true,"subscribe":true},)"
            R"("tools":{"listChanged":true}})");
}

TEST(MergeCapabilities, WhatIsNotCarriedIsNotPromised_T068) {
  EXPECT_EQ(merged({R"({"tools":{"listChanged":"yes","x":true},"tasks":[],"extensions":{"a/b":{}},)"
                    R"("experimental":{"y":{}},"prompts":true})"}),
            R"({"tools":{}})");
}

TEST(MergeCapabilities, TasksAreCarriedButNotTheirList) {
  EXPECT_EQ(merged({R"({"tasks":{"list":{},"cancel":{}}})"}),
            R"({"tasks":{"cancel":{},"requests":{"tools":{"call":{}}}}})");
  EXPECT_EQ(merged({R"({"extensions":{"io.modelcontextprotocol/tasks":{"x":1},"y/z":{}}})"}),
            R"({"extensions":{"io.modelcontextprotocol/tasks":{}}})");
}

TEST(MergeCapabilities, AMemberThatSaidNothingAddsNothing) {
  EXPECT_EQ(merged({}), "{}");
  EXPECT_EQ(merged({"", "[]", "{"}), "{}");
}

}  // namespace
}  // namespace doorward::gateway
