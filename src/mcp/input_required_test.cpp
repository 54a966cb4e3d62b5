#include "mcp/input_required.h"

#include <gtest/gtest.h>

#include <string>

#include "json/reader.h"

namespace doorward::mcp {
namespace {

using enum Revision;

std::expected<std::vector<InputAsk>, std::string> asks(std::string_view text, Revision revision) {
  json::Reader reader;
  std::uint64_t last = 0;
  return read_input_requests(text, *reader.read(text), revision, [&] { return last += 256; });
}

InputAsk only(std::string_view params, std::string_view method, Revision revision) {
  const std::string text = R"({"resultType":"input_required","inputRequests":{"k\"1":{"method":")" +
                           std::string(method) + R"(","params":)" + std::string(params) + "}}}";
  auto found = asks(text, revision);
  EXPECT_TRUE(found.has_value());
  return found ? found->at(0) : InputAsk{};
}

TEST(InputRequired, AsksAsALegacyServerWould) {
  const auto found = asks(
      R"({"resultType":"input_required","requestState":"s","inputRequests":{)"
      R"("r":{"method":"roots/list"},)"
      R"("s":{"method":"sampling/createMessage","params":{"messages":[],"maxTokens":5}}}})",
      v2025_11_25);
  ASSERT_TRUE(found.has_value());
  ASSERT_EQ(found->size(), 2u);
  EXPECT_EQ(found->at(0).request, R"({"jsonrpc":"2.0","id":256,"method":"roots/list"})");
  EXPECT_EQ(found->at(0).key, R"("r")");
  EXPECT_EQ(found->at(1).request,
            R"({"jsonrpc":"2.0","id":512,"method":"sampling/createMessage","params":{"messages":[],"maxTokens":5}})");
}

TEST(InputRequired, MayOnlyWantToBeAskedAgain) {
  const auto found = asks(R"({"resultType":"input_required","requestState":"s"})", v2025_11_25);
  ASSERT_TRUE(found.has_value());
  EXPECT_TRUE(found->empty());
}

TEST(InputRequired, RefusesWhatTheProtocolDoesNotHave) {
  EXPECT_FALSE(asks(R"({"inputRequests":[]})", v2025_11_25).has_value());
  EXPECT_FALSE(asks(R"({"inputRequests":{"a":{"method":"tools/call"}}})", v2025_11_25).has_value());
  EXPECT_FALSE(asks(R"({"inputRequests":{"a":{"method":"roots/list","params":[]}}})", v2025_11_25).has_value());
  EXPECT_FALSE(asks(R"({"inputRequests":{"a":7}})", v2025_11_25).has_value());
}

TEST(InputRequired, UrlGetsAnIdOrIsDeclined) {
  constexpr std::string_view kUrl = R"({"mode":"url","message":"m","url":"https://a.test/"})";
  EXPECT_EQ(only(kUrl, "elicitation/create", v2025_11_25).request,
            R"({"jsonrpc":"2.0","id":256,"method":"elicitation/create","params":{"mode":"url","message":"m",)"
            R"("url":"https://a.test/","elicitationId":"elicitation-256"}})");
  const InputAsk old = only(kUrl, "elicitation/create", v2025_06_18);
  EXPECT_EQ(old.request, "");
  EXPECT_EQ(old.response, R"({"action":"decline"})");
}

TEST(InputRequired, FormsByRevision) {
  constexpr std::string_view kForm =
      R"({"mode":"form","message":"m","requestedSchema":{"$schema":"s","type":"object","properties":{)"
      R"("a":{"type":"string","default":"x"},"b":{"type":"boolean","default":true},)"
      R"("c":{"type":"string","oneOf":[{"const":"1","title":"One"}]},"d":{"type":"array","items":{}}},)"
      R"("required":["a"]}})";
  EXPECT_NE(only(kForm, "elicitation/create", v2025_11_25).request.find(kForm), std::string::npos);
  EXPECT_EQ(only(kForm, "elicitation/create", v2025_06_18).request,
            R"({"jsonrpc":"2.0","id":256,"method":"elicitation/create","params":{"message":"m",)"
            R"("requestedSchema":{"type":"object","properties":{"a":{"type":"string"},)"
            R"("b":{"type":"boolean","default":true},"c":{"type":"string","enum":["1"],"enumNames":["One"]}},)"
            R"("required":["a"]}}})");
  constexpr std::string_view kList =
      R"({"message":"m","requestedSchema":{"type":"object","properties":{"d":{"type":"array"}},"required":["d"]}})";
  EXPECT_EQ(only(kList, "elicitation/create", v2025_06_18).response, R"({"action":"decline"})");
  EXPECT_EQ(only(kForm, "elicitation/create", v2025_03_26).response, R"({"action":"decline"})");
}

TEST(InputRequired, SamplingByRevision) {
  constexpr std::string_view kOne =
      R"({"messages":[{"role":"user","_meta":{},"content":[{"type":"text","text":"x"}]}],"maxTokens":1})";
  EXPECT_EQ(only(kOne, "sampling/createMessage", v2025_06_18).request,
            R"({"jsonrpc":"2.0","id":256,"method":"sampling/createMessage","params":{"messages":[{"role":"user",)"
            R"("content":{"type":"text","text":"x"}}],"maxTokens":1}})");
  EXPECT_FALSE(asks(R"({"inputRequests":{"a":{"method":"sampling/createMessage","params":{"messages":[)"
                    R"({"role":"user","content":[]}],"maxTokens":1}}}})",
                    v2025_06_18)
                   .has_value());
  EXPECT_FALSE(asks(R"({"inputRequests":{"a":{"method":"sampling/createMessage","params":{"messages":[],)"
                    R"("tools":[],"maxTokens":1}}}})",
                    v2025_06_18)
                   .has_value());
}

TEST(InputRequired, ResponsesOfTheClient) {
  const auto response = [](std::string_view text, Method method) {
    json::Reader reader;
    return read_input_response(text, *read_message(*reader.read(text), Sender::client), method);
  };
  constexpr std::string_view kError = R"({"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"User rejected"}})";
  EXPECT_EQ(response(kError, Method::elicitation_create), R"({"action":"decline"})");
  EXPECT_EQ(response(kError, Method::sampling_create_message).error(), "User rejected");
  EXPECT_EQ(response(R"({"jsonrpc":"2.0","id":1,"result":{"roots":[],"_meta":{"a":1}}})", Method::roots_list),
            R"({"roots":[]})");
  std::vector<InputAsk> all(2);
  all[0].key = R"("a")";
  all[0].response = "{}";
  all[1].key = R"("b\"")";
  all[1].response = R"({"roots":[]})";
  EXPECT_EQ(input_responses(all), R"({"a":{},"b\"":{"roots":[]}})");
}

}  // namespace
}  // namespace doorward::mcp
