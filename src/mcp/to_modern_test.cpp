#include "mcp/to_modern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/reader.h"

namespace doorward::mcp {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Parsed {
  explicit Parsed(std::string words, Sender sender = Sender::server) : text(std::move(words)) {
    const auto root = reader.read(text);
    message = *read_message(*root, sender);
  }
  json::Reader reader;
  std::string text;
  Message message{};
};

std::string modern_result(std::string_view result, Method method, std::string_view info = R"({"name":"s"})") {
  const Parsed answer(R"({"jsonrpc":"2.0","id":7,"result":)" + std::string(result) + "}");
  std::string out;
  append_modern_result(out, answer.text, answer.message, method, "9", info);
  return out;
}

TEST(ToModern, ARequestLosesWhatOnlyTheModernEraHas) {
  // The schema's example CallToolRequest, with all that a retry adds.
  const Parsed request(
      R"({"jsonrpc":"2.0","id":11,"method":"tools/call","params":{"name":"get_weather","arguments":{"location":"New York"},)"
      R"("inputResponses":{"a":{}},"requestState":"x","_meta":{"progressToken":11,"mine":1,)"
      R"("io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"c","version":"1"},)"
      R"("io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/logLevel":"debug"}}})",
      Sender::client);
  std::string out;
  append_legacy_request(out, request.text, request.message);
  EXPECT_EQ(out, R"({"jsonrpc":"2.0","id":11,"method":"tools/call","params":{"name":"get_weather",)"
                 R"("arguments":{"location":"New York"},"_meta":{"progressToken":11,"mine":1}}})");
}

TEST(ToModern, AnEmptyMetaIsLeftOut) {
  const Parsed request(
      R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":)"
      R"("2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}})",
      Sender::client);
  std::string out;
  append_legacy_request(out, request.text, request.message);
  EXPECT_EQ(out, R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}})");
}

TEST(ToModern, DiscoveryIsMadeOfTheHandshake) {
  const Parsed answer(
      R"({"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{"listChanged":true},)"
      R"("resources":{"subscribe":true},"logging":{},"tasks":{"list":{}},"extensions":{"x/y":{}}},)"
      R"("serverInfo":{"name":"s","version":"1"},"instructions":"Be \"kind\"."}})");
  const auto server = read_introduction(answer.text, answer.message.result);
  ASSERT_TRUE(server);
  EXPECT_TRUE(server->logs && server->tools_change && server->resources_update);
  EXPECT_FALSE(server->prompts_change || server->resources_change);
  std::string out;
  append_discover_result(out, "\"d\"", *server);
  EXPECT_THAT(out, HasSubstr(R"("resultType":"complete","supportedVersions":["2026-07-28")"));
  EXPECT_THAT(
      out,
      HasSubstr(
          R"("capabilities":{"tools":{"listChanged":true},"resources":{"subscribe":true},"logging":{}})"));
  EXPECT_THAT(out, HasSubstr(R"("instructions":"Be \"kind\".")"));
  EXPECT_THAT(out, HasSubstr(R"("_meta":{"io.modelcontextprotocol/serverInfo":{"name":"s","version":"1"}})"));
  EXPECT_THAT(out, HasSubstr(R"("ttlMs":0,"cacheScope":"private")"));

  const Parsed lacking(R"({"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25"}})");
  EXPECT_FALSE(read_introduction(lacking.text, lacking.message.result));
}

TEST(ToModern, AResultIsComplete) {
  EXPECT_EQ(
      modern_result(R"({"content":[{"type":"text","text":"72°F"}],"isError":false})", Method::tools_call),
      R"({"jsonrpc":"2.0","id":9,"result":{"resultType":"complete","content":[{"type":"text","text":"72°F"}],)"
      R"("isError":false,"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"s"}}}})");
}

TEST(ToModern, WhatMayBeCachedIsNot) {
  for (const auto& [method, result] :
       {std::pair{Method::resources_list, R"({"resources":[]})"},
        {Method::resources_read, R"({"contents":[]})"},
        {Method::prompts_list, R"({"prompts":[],"ttlMs":9,"cacheScope":"public"})"}}) {
    EXPECT_THAT(modern_result(result, method), HasSubstr(R"("ttlMs":0,"cacheScope":"private")"));
    EXPECT_THAT(modern_result(result, method), Not(HasSubstr("public")));
  }
  EXPECT_THAT(modern_result(R"({"messages":[]})", Method::prompts_get), Not(HasSubstr("ttlMs")));
}

TEST(ToModern, ToolsLoseTheirTasks) {
  EXPECT_THAT(
      modern_result(R"({"tools":[{"name":"a","execution":{"taskSupport":"required"},"inputSchema":{}},)"
                    R"( { "name" : "b" } ],"nextCursor":"c"})",
                    Method::tools_list, {}),
      HasSubstr(R"("nextCursor":"c","tools":[{"name":"a","inputSchema":{}},{ "name" : "b" }])"));
}

TEST(ToModern, ALegacyServerCannotSpeakOfRounds) {
  const std::string out = modern_result(
      R"({"resultType":"input_required","inputRequests":{"x":{}},"requestState":"s","content":[]})",
      Method::tools_call, {});
  EXPECT_EQ(out, R"({"jsonrpc":"2.0","id":9,"result":{"resultType":"complete","content":[]}})");
}

TEST(ToModern, ErrorsTakeTheCodesOfTheirSuccessors) {
  for (const auto& [was, is] :
       {std::pair{"-32002", "-32602"}, {"-32042", "-32603"}, {"-32601", "-32601"}, {"-1", "-1"}}) {
    const Parsed answer(R"({"jsonrpc":"2.0","id":7,"error":{"code":)" + std::string(was) +
                        R"(,"message":"m","data":{"uri":"u"}}})");
    std::string out;
    append_modern_error(out, answer.text, answer.message, "9");
    EXPECT_EQ(out, R"({"jsonrpc":"2.0","id":9,"error":{"code":)" + std::string(is) +
                       R"(,"message":"m","data":{"uri":"u"}}})");
  }
}

TEST(ToModern, UrlsThatAreRequiredBecomeQuestions) {
  const Parsed answer(
      R"({"jsonrpc":"2.0","id":7,"error":{"code":-32042,"message":"m","data":{"elicitations":[{"mode":"url",)"
      R"("elicitationId":"e","url":"https://mcp.example.com/ui/set_api_key","message":"Please"}]}}})");
  const auto questions = url_questions(answer.text, answer.message.error);
  ASSERT_EQ(questions.size(), 1u);
  EXPECT_EQ(questions[0].params,
            R"({"mode":"url","url":"https://mcp.example.com/ui/set_api_key","message":"Please"})");
  std::string out;
  append_input_required(out, "9", questions, {});
  EXPECT_EQ(
      out,
      R"({"jsonrpc":"2.0","id":9,"result":{"resultType":"input_required","inputRequests":{"url-1":{)"
      R"("method":"elicitation/create","params":{"mode":"url","url":"https://mcp.example.com/ui/set_api_key",)"
      R"("message":"Please"}}}}})");
  for (const char* data :
       {R"({"elicitations":[{"mode":"form","message":"m","url":"u"}]})", R"({"elicitations":[{}]})", "{}"}) {
    const Parsed odd(R"({"jsonrpc":"2.0","id":7,"error":{"code":-32042,"message":"m","data":)" +
                     std::string(data) + "}}");
    EXPECT_TRUE(url_questions(odd.text, odd.message.error).empty()) << data;
  }
}

TEST(ToModern, QuestionsAndTheirAnswers) {
  const Parsed asked(
      R"({"jsonrpc":"2.0","id":"s","method":"elicitation/create","params":{"message":"m","mode":"url","url":"u",)"
      R"("elicitationId":"e","task":{},"_meta":{"progressToken":1}}})");
  EXPECT_EQ(question_params(asked.text, asked.message.params), R"({"message":"m","mode":"url","url":"u"})");
  const Parsed roots(R"({"jsonrpc":"2.0","id":1,"method":"roots/list","params":{"_meta":{}}})");
  EXPECT_EQ(question_params(roots.text, roots.message.params), "");
  std::string out;
  append_input_required(out, "9", {{"k\"1", "roots/list", ""}}, "state");
  EXPECT_EQ(
      out,
      R"({"jsonrpc":"2.0","id":9,"result":{"resultType":"input_required","inputRequests":{"k\"1":{"method":)"
      R"("roots/list"}},"requestState":"state"}})");
  json::Reader reader;
  const std::string response = R"({"resultType":"complete","action":"accept","content":{"n":1.50}})";
  out.clear();
  append_client_result(out, response, *reader.read(response), "\"s\"");
  EXPECT_EQ(out, R"({"jsonrpc":"2.0","id":"s","result":{"action":"accept","content":{"n":1.50}}})");
}

TEST(ToModern, NotificationsCarryTheirSubscription) {
  const Parsed updated(
      R"({"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"file:///x","_meta":{"a":1}}})");
  std::string out;
  append_tagged(out, Method::resources_updated, updated.text, updated.message.params, "5");
  EXPECT_EQ(out, R"({"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"file:///x",)"
                 R"("_meta":{"io.modelcontextprotocol/subscriptionId":5}}})");
  out.clear();
  append_tagged(out, Method::tools_list_changed, {}, {}, "\"x\"");
  EXPECT_EQ(out, R"({"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{)"
                 R"("_meta":{"io.modelcontextprotocol/subscriptionId":"x"}}})");
}

TEST(ToModern, LogLevelsAreOrdered) {
  EXPECT_EQ(log_severity("debug"), 0u);
  EXPECT_EQ(log_severity("emergency"), 7u);
  EXPECT_EQ(log_severity("Debug"), std::nullopt);
  EXPECT_EQ(log_level(*log_severity("warning")), "warning");
}

}  // namespace
}  // namespace doorward::mcp
