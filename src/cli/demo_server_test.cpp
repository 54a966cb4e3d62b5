#include "cli/demo_server.h"

#include <gtest/gtest.h>

#include <string>

namespace doorward::cli {
namespace {

constexpr const char* kModern =
    R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}})";

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string call(const std::string& method, const std::string& params) {
  return R"({"jsonrpc":"2.0","id":"a","method":")" + method + R"(","params":{)" + params + "}}";
}

TEST(DemoServer, ShakesHandsInEveryLegacyRevision) {
  DemoServer server;
  for (const char* revision : {"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"}) {
    const std::string answer = server.answer(
        call("initialize", R"("protocolVersion":")" + std::string(revision) +
                               R"(","capabilities":{},"clientInfo":{"name":"t","version":"1"})"));
    EXPECT_TRUE(has(answer, R"("protocolVersion":")" + std::string(revision))) << answer;
    EXPECT_TRUE(has(answer, R"("id":"a")")) << answer;
  }
  EXPECT_TRUE(
      has(server.answer(call(
              "initialize",
              R"("protocolVersion":"1999-01-01","capabilities":{},"clientInfo":{"name":"t","version":"1"})")),
          R"("protocolVersion":"2025-11-25")"));
  EXPECT_EQ(server.answer(R"({"jsonrpc":"2.0","method":"notifications/initialized"})"), "");
}

TEST(DemoServer, SpeaksTheModernEra) {
  DemoServer server;
  const std::string discovered = server.answer(call("server/discover", kModern));
  EXPECT_TRUE(has(discovered, R"("supportedVersions":["2026-07-28"])")) << discovered;
  EXPECT_TRUE(has(discovered, R"("resultType":"complete")")) << discovered;
  const std::string listed = server.answer(call("tools/list", kModern));
  EXPECT_TRUE(has(listed, R"("cacheScope":"private")")) << listed;
  EXPECT_TRUE(has(server.answer(call("ping", kModern)), "-32601"));
  EXPECT_TRUE(has(server.answer(call("server/discover", "")), "-32601"));
}

TEST(DemoServer, KeepsNotes) {
  DemoServer server;
  EXPECT_TRUE(has(
      server.answer(call("tools/call", R"("name":"create_note","arguments":{"title":"T","text":"body"})")),
      "Note 3 was written."));
  EXPECT_TRUE(has(server.answer(call("tools/call", R"("name":"read_note","arguments":{"id":"3"})")), "body"));
  EXPECT_TRUE(
      has(server.answer(call("tools/call", R"("name":"delete_note","arguments":{"id":"3"})")), "deleted"));
  EXPECT_TRUE(has(server.answer(call("tools/call", R"("name":"read_note","arguments":{"id":"3"})")),
                  R"("isError":true)"));
  EXPECT_FALSE(has(server.answer(call("tools/call", R"("name":"list_notes","arguments":{})")), "resultType"));
  EXPECT_TRUE(has(server.answer(call("tools/call", R"("name":"create_refund","arguments":{"amount":12.50})")),
                  "12.50"));
}

TEST(DemoServer, AnswersWhatItDoesNotKnow) {
  DemoServer server;
  EXPECT_TRUE(has(server.answer(call("tools/call", R"("name":"nothing","arguments":{})")), "-32602"));
  EXPECT_TRUE(has(server.answer(call("resources/read", R"("uri":"demo://nothing")")), "-32602"));
  EXPECT_TRUE(has(server.answer("{"), "-32700"));
  EXPECT_TRUE(has(server.answer(R"({"jsonrpc":"2.0","id":1,"method":"no/such"})"),
                  R"("id":1,"error":{"code":-32601)"));
}

}  // namespace
}  // namespace doorward::cli
