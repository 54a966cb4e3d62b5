#include "mcp/denial.h"

#include <gtest/gtest.h>

#include <string>

#include "json/reader.h"

namespace doorward::mcp {
namespace {

TEST(Denial, LegacyAndModern) {
  std::string out;
  const DecisionMeta meta{
      .id = "dec_1", .code = "argument_denied", .rule = "/tools/x/deny_if/0", .retry = "no"};
  append_denial(out, "\"a\"", Era::legacy, "[POLICY DENIED] \"no\"\n", meta);
  EXPECT_EQ(
      out,
      R"({"jsonrpc":"2.0","id":"a","result":{"content":[{"type":"text","text":"[POLICY DENIED] \"no\"\n"}],"isError":true,)"
      R"("_meta":{"io.doorward/decision":{"id":"dec_1","code":"argument_denied","rule":"/tools/x/deny_if/0","retry":"no"}}}})");
  out.clear();
  append_denial(out, "7", Era::modern, "t", {.id = "dec_2", .code = "rate_limited", .retry_after_s = 30});
  EXPECT_EQ(
      out,
      R"({"jsonrpc":"2.0","id":7,"result":{"resultType":"complete","content":[{"type":"text","text":"t"}],"isError":true,)"
      R"("_meta":{"io.doorward/decision":{"id":"dec_2","code":"rate_limited","retry_after_s":30}}}})");
}

TEST(Denial, Errors) {
  std::string out;
  append_error(out, "", ErrorCode::parse_error, "Parse error: \xFF");
  EXPECT_EQ(out, R"({"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error: \ufffd"}})");
  out.clear();
  append_unknown_tool(out, "1", "x\"y");
  EXPECT_EQ(out, R"({"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"Unknown tool: x\"y"}})");
  out.clear();
  append_result(out, "1", "{}");
  EXPECT_EQ(out, R"({"jsonrpc":"2.0","id":1,"result":{}})");
}

TEST(Denial, RefusalsEchoTheIdAsSpelled) {
  json::Reader reader;
  const std::string text = R"({"jsonrpc":"2.0","id":"\u0061/\/","method":"x","y":1})";
  const auto message = read_message(*reader.read(text), Sender::client);
  ASSERT_FALSE(message);
  std::string out;
  append_refusal(out, message.error(), text);
  EXPECT_EQ(
      out,
      R"({"jsonrpc":"2.0","id":"\u0061/\/","error":{"code":-32600,"message":"A message has no member \"y\"."}})");
}

}  // namespace
}  // namespace doorward::mcp
