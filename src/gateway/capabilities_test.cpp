#include "gateway/capabilities.h"

#include <gtest/gtest.h>

#include "json/reader.h"

namespace doorward::gateway {
namespace {

std::string client(const std::string& text, const Questions& allowed) {
  json::Reader reader;
  std::string out;
  append_client_capabilities(out, text, *reader.read(text), allowed);
  return out;
}

std::string server(const std::string& text, mcp::Era era, bool own_tasks = false) {
  json::Reader reader;
  std::string out;
  append_server_capabilities(out, text, *reader.read(text), era, own_tasks);
  return out;
}

constexpr const char* kClient =
    R"({"sampling":{"tools":{}}, "elicitation":{ },"roots":{"listChanged":true},"experimental":{"x":{}},"tasks":{}})";

TEST(Capabilities, TheServerIsToldOfWhatItMayAsk) {
  EXPECT_EQ(client(kClient, {}), "{}");
  Questions allowed;
  allowed.sampling = true;
  EXPECT_EQ(client(kClient, allowed), R"({"sampling":{"tools":{}}})");
  EXPECT_EQ(client("{}", allowed), "{}");
  allowed.sampling = false;
  allowed.elicitation = allowed.roots = true;
  EXPECT_EQ(client(kClient, allowed), R"({"elicitation":{ },"roots":{"listChanged":true}})");
}

TEST(Capabilities, OnlyTheTasksExtensionIsCarried_T199) {
  const std::string text =
      R"({"extensions":{"io.modelcontextprotocol/ui":{"a":1},"io.modelcontextprotocol/tasks":{"b": 2}}})";
  const std::string kept = R"({"extensions":{"io.modelcontextprotocol/tasks":{"b": 2}}})";
  EXPECT_EQ(client(text, {}), kept);
  EXPECT_EQ(server(text, mcp::Era::modern), kept);
  EXPECT_EQ(server(text, mcp::Era::legacy), "{}");
  EXPECT_EQ(server(R"({"extensions":{"x/y":{}},"tools":{}})", mcp::Era::modern), R"({"tools":{}})");
}

TEST(Capabilities, TasksOfTheirOwnAreLegacy) {
  const std::string text = R"({"tools":{"listChanged":true},"tasks":{"list":{}},"logging":{}})";
  EXPECT_EQ(server(text, mcp::Era::legacy), text);
  EXPECT_EQ(server(text, mcp::Era::modern), R"({"tools":{"listChanged":true},"logging":{}})");
}

TEST(Capabilities, TasksOfTheGatewayAreAnExtension) {
  const std::string tasks = R"("extensions":{"io.modelcontextprotocol/tasks":{}})";
  EXPECT_EQ(server("{}", mcp::Era::modern, true), "{" + tasks + "}");
  EXPECT_EQ(server(R"({"extensions":{"x/y":{}},"tools":{}})", mcp::Era::modern, true), R"({"tools":{},)" + tasks + "}");
  const std::string own = R"({"extensions":{"io.modelcontextprotocol/tasks":{"b":2}}})";
  EXPECT_EQ(server(own, mcp::Era::modern, true), own);
  EXPECT_EQ(server("{}", mcp::Era::legacy, true), "{}");
}

}  // namespace
}  // namespace doorward::gateway
