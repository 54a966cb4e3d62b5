#include "gateway/injection.h"

#include <gtest/gtest.h>

#include "json/reader.h"

namespace doorward::gateway {
namespace {

const std::vector<upstream::InjectedArgument> kInjected = {{"api_key", "\"k\\\"1\"", {}},
                                                           {"token", "\"t\"", {"one", "two"}}};

std::string without(std::string_view tool) {
  const std::string text = "[ " + std::string(tool) + " ]";
  json::Reader reader;
  const auto root = reader.read(text, {});
  EXPECT_TRUE(root);
  std::string out;
  append_without_injected(out, text, root->at(0), kInjected);
  return out;
}

TEST(Injection, AddsWhatAppliesToTheTool) {
  std::string out;
  append_injected(out, kInjected, "one");
  EXPECT_EQ(out, R"("api_key":"k\"1","token":"t")");
  out.clear();
  append_injected(out, kInjected, "three");
  EXPECT_EQ(out, R"("api_key":"k\"1")");
}

TEST(Injection, FindsWhatTheAgentSends) {
  json::Reader reader;
  const auto value = reader.read(R"({"api_key":null,"token":1})", {});
  EXPECT_EQ(injected_in(kInjected, "three", *value), "api_key");
  EXPECT_EQ(injected_in({}, "three", *value), "");
  const auto other = reader.read(R"({"token":1})", {});
  EXPECT_EQ(injected_in(kInjected, "one", *other), "token");
  EXPECT_EQ(injected_in(kInjected, "three", *other), "");
  EXPECT_EQ(injected_in(kInjected, "three", json::Value()), "");
}

TEST(Injection, LeavesTheArgumentsOutOfTheSchemaAndEveryOtherByteIn) {
  EXPECT_EQ(
      without(
          R"({"name":"three", "inputSchema" : {"properties":{ "api_key":{"type":"string"} ,"a" : {}},"required":[ "a", "api_key" ],"x":1.0}})"),
      R"({"name":"three", "inputSchema" : {"properties":{"a" : {}},"required":["a"],"x":1.0}})");
  EXPECT_EQ(
      without(
          R"({"inputSchema":{"required":["token","api_key"],"properties":{"token":{},"api_key":{}}},"name":"one"})"),
      R"({"inputSchema":{"required":[],"properties":{}},"name":"one"})");
  EXPECT_EQ(without(R"({"name":"three","inputSchema":{"properties":{"token":{},"\u0061pi_key":{}}}})"),
            R"({"name":"three","inputSchema":{"properties":{"token":{}}}})");
}

TEST(Injection, WhatHasNoneOfThemStaysAsItIs) {
  for (const char* tool :
       {R"({"name":"three", "inputSchema":{ "properties" : { "token" : {} }, "required":[ "token" ] } })",
        R"({"name":"x"})", R"({"name":"x","inputSchema":{"properties":["api_key"],"required":"api_key"}})",
        R"({"name":"x","inputSchema":null,"description":"api_key"})"}) {
    EXPECT_EQ(without(tool), tool);
  }
}

}  // namespace
}  // namespace doorward::gateway
