#include "mcp/modern_request.h"

#include <gtest/gtest.h>

#include <string>

#include "json/reader.h"
#include "mcp/header_mirror.h"

namespace doorward::mcp {
namespace {

using enum Revision;

constexpr std::string_view kSelf =
    R"("io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
    R"("io.modelcontextprotocol/clientInfo":{"name":"c","version":"1"},)"
    R"("io.modelcontextprotocol/clientCapabilities":{"roots":{}})";

ClientSelf client() {
  return {.info = R"({"name":"c","version":"1"})", .capabilities = R"({"roots":{}})", .log_level = {}};
}

TEST(ModernRequest, DescribesItself) {
  constexpr std::string_view kCall =
      R"({"jsonrpc":"2.0","id":256,"method":"tools/call","params":{"name":"t","task":{},"arguments":{"a":1.50},)"
      R"("_meta":{"progressToken":256,"own":true,"io.modelcontextprotocol/logLevel":"debug"}}})";
  json::Reader reader;
  const Message call = *read_message(*reader.read(kCall), Sender::client);
  std::string out;
  append_modern_request(out, kCall, call, "512", client(), {.responses = R"({"k":{}})", .state = R"("s")"});
  EXPECT_EQ(out, R"({"jsonrpc":"2.0","id":512,"method":"tools/call","params":{"name":"t","arguments":{"a":1.50},)"
                 R"("inputResponses":{"k":{}},"requestState":"s","_meta":{"own":true,"progressToken":512,)" +
                     std::string(kSelf) + "}}}");
  json::Reader second;
  const Message modern = *read_message(*second.read(out), Sender::client);
  EXPECT_TRUE(check_modern(modern, nullptr).has_value());
  EXPECT_FALSE(check_method(modern, v2026_07_28, Sender::client).has_value());
}

TEST(ModernRequest, WithoutParams) {
  constexpr std::string_view kList = R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})";
  json::Reader reader;
  ClientSelf self = client();
  self.log_level = R"("error")";
  std::string out;
  append_modern_request(out, kList, *read_message(*reader.read(kList), Sender::client), "1", self);
  EXPECT_EQ(out, R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{)" + std::string(kSelf) +
                     R"(,"io.modelcontextprotocol/logLevel":"error"}}})");
}

TEST(ModernRequest, OfOurOwn) {
  std::string out;
  append_modern_request(out, Method::subscriptions_listen, R"("notifications":{"toolsListChanged":true})", "9",
                        client());
  EXPECT_EQ(out, R"({"jsonrpc":"2.0","id":9,"method":"subscriptions/listen","params":{"notifications":)"
                 R"({"toolsListChanged":true},"_meta":{)" +
                     std::string(kSelf) + "}}}");
}

TEST(ModernRequest, CapabilitiesByRevision) {
  const auto modern = [](std::string_view text, Revision revision) {
    json::Reader reader;
    std::string out;
    append_modern_capabilities(out, text, *reader.read(text), revision);
    return out;
  };
  constexpr std::string_view kAll =
      R"({"roots":{"listChanged":true},"sampling":{"tools":{}},"elicitation":{"form":{},"url":{}},)"
      R"("tasks":{"list":{}},"extensions":{"x/y":{}},"experimental":{"e":{}}})";
  EXPECT_EQ(modern(kAll, v2025_11_25),
            R"({"roots":{},"sampling":{"tools":{}},"elicitation":{"form":{},"url":{}},"experimental":{"e":{}}})");
  EXPECT_EQ(modern(kAll, v2025_06_18), R"({"roots":{},"sampling":{},"elicitation":{},"experimental":{"e":{}}})");
  EXPECT_EQ(modern(kAll, v2025_03_26), R"({"roots":{},"sampling":{},"experimental":{"e":{}}})");
  EXPECT_EQ(modern("{}", v2025_03_26), "{}");
}

}  // namespace
}  // namespace doorward::mcp
