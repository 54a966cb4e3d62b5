#include "catalogue/call_generator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <rapidcheck/gtest.h>

#include "catalogue/sample_value.h"
#include "json/reader.h"
#include "policy/pattern.h"
#include "policy/test_support.h"

namespace doorward::catalogue {
namespace {

/// A tool of one definition, kept for as long as its facts are used.
struct Tool {
  explicit Tool(std::string schema) : text(R"({"name":"x","inputSchema":)" + std::move(schema) + "}") {
    const auto read = reader.read(text);
    EXPECT_TRUE(read.has_value()) << text;
    facts = risk::facts_of({}, *read);
  }
  std::vector<GeneratedCall> calls(const GenerateOptions& options = {}) const { return generate_calls(facts, options); }

  std::string text;
  json::Reader reader;
  risk::ToolFacts facts;
};

bool has(const std::vector<GeneratedCall>& calls, std::string_view args) {
  return std::ranges::any_of(calls, [&](const GeneratedCall& call) { return call.args == args; });
}
bool has(const std::vector<GeneratedCall>& calls, Trial trial) {
  return std::ranges::any_of(calls, [&](const GeneratedCall& call) { return call.trial == trial; });
}

constexpr std::string_view kRefund = R"({"type":"object","required":["id","amount"],"properties":{
  "id":{"type":"string","format":"uuid"},"amount":{"type":"integer","minimum":5,"maximum":900},
  "reason":{"type":"string","enum":["fraud","error"]},"notify":{"type":"boolean"}}})";

TEST(CallGenerator, BeginsWithWhatMustAndWhatMayBeGiven) {
  const auto calls = Tool(std::string(kRefund)).calls();
  EXPECT_EQ(calls[0].args, R"({"id":"123e4567-e89b-42d3-a456-426614174000","amount":5})");
  EXPECT_EQ(calls[1].args, R"({"id":"123e4567-e89b-42d3-a456-426614174000","amount":5,"reason":"fraud","notify":true})");
  EXPECT_TRUE(has(calls, R"({"id":"123e4567-e89b-42d3-a456-426614174000","amount":5,"reason":"error","notify":true})"));
  EXPECT_TRUE(has(calls, R"({"id":"123e4567-e89b-42d3-a456-426614174000","amount":901,"reason":"fraud","notify":true})"));
  EXPECT_TRUE(has(calls, R"({"id":"123e4567-e89b-42d3-a456-426614174000","amount":5,"reason":"fraud","notify":false})"));
  EXPECT_TRUE(has(calls, "{}"));
}

TEST(CallGenerator, TriesHostileValuesWhereTheParameterTakesThem) {
  const auto calls = Tool(R"({"type":"object","required":["file_path"],"properties":{"file_path":{"type":"string"},
      "url":{"type":"string"},"sql":{"type":"string"},"count":{"type":"integer"}}})").calls();
  EXPECT_TRUE(has(calls, Trial::traversal) && has(calls, Trial::address) && has(calls, Trial::injection));
  EXPECT_FALSE(has(Tool(R"({"type":"object","properties":{"count":{"type":"integer"}}})").calls(), Trial::traversal));
}

TEST(CallGenerator, ASignalSaysWhatAParameterTakesWhateverItsName) {
  const std::vector<risk::SignalHit> signals = {{risk::Signal::accepts_url, "/inputSchema/properties/target", "target"}};
  GenerateOptions options;
  options.signals = signals;
  const Tool tool(R"({"type":"object","properties":{"target":{"type":"string"}}})");
  EXPECT_TRUE(has(tool.calls(options), Trial::address));
  EXPECT_FALSE(has(tool.calls(), Trial::address));
}

TEST(CallGenerator, FollowsReferencesUnionsAndNestedObjects) {
  const auto calls = Tool(R"({"type":"object","required":["a","b","c","d"],"$defs":{"P":{"type":"object","required":["x"],
      "properties":{"x":{"const":7}}}},"properties":{"a":{"$ref":"#/$defs/P"},"b":{"anyOf":[{"type":"null"},{"type":"integer","minimum":3}]},
      "c":{"type":"array","minItems":2,"items":{"type":"string","enum":["p","q"]}},"d":{"type":["null","boolean"]}}})").calls();
  EXPECT_EQ(calls[0].args, R"({"a":{"x":7},"b":3,"c":["p","p"],"d":true})");
}

TEST(CallGenerator, GoesToBothSidesOfAConditionsEdge) {
  const auto policy = testing::load_or_fail(R"({"version":"1","default":"allow","tools":{"x":{
      "deny_if":[{"conditions":[{"path":"args.amount","op":"gt","value":100}]}],
      "require":[{"conditions":[{"path":"args.to","op":"email_domain","value":["corp.example"]}]}]}}})");
  testing::CallUnderTest under("x");
  const policy::Applied applied = policy::applied_to(*policy, under.call, true);
  GenerateOptions options;
  options.conditions = applied.open;
  const auto calls = Tool(R"({"type":"object","required":["amount"],"properties":{"amount":{"type":"integer","minimum":500}}})").calls(options);
  EXPECT_TRUE(has(calls, R"({"amount":99,"to":"someone@corp.example"})"));
  EXPECT_TRUE(has(calls, R"({"amount":101,"to":"someone@corp.example"})"));
  EXPECT_TRUE(has(calls, R"({"amount":99})"));
}

TEST(CallGenerator, NeverBringsWhatTheGatewayFills) {
  const std::vector<std::string> without = {"api_key"};
  GenerateOptions options;
  options.without = without;
  const auto calls = Tool(R"({"type":"object","required":["api_key","q"],"properties":{"api_key":{"type":"string"},"q":{"type":"string"}}})").calls(options);
  for (const GeneratedCall& call : calls) EXPECT_EQ(call.args.find("api_key"), std::string::npos) << call.args;
  EXPECT_EQ(calls[0].args, R"({"q":"example"})");
}

TEST(CallGenerator, ASchemaOfNothingGivesOneCall) {
  const auto calls = Tool("{}").calls();
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].args, "{}");
  EXPECT_EQ(generate_calls({}).size(), 1u);
}

TEST(CallGenerator, IsBoundedAndDeterministicForAHostileSchema) {
  std::string schema = R"({"type":"object","$defs":{"A":{"type":"object","properties":{"a":{"$ref":"#/$defs/A"},"b":{"$ref":"#/$defs/A"}}},
      "L":{"$ref":"#/$defs/L"}},"properties":{"loop":{"$ref":"#/$defs/L"},)";
  for (int i = 0; i < 2'000; ++i) schema += "\"p" + std::to_string(i) + "\":{\"$ref\":\"#/$defs/A\"},";
  schema += R"("s":{"type":"string","minLength":999999999}}})";
  const Tool tool(schema);
  const auto calls = tool.calls();
  EXPECT_LE(calls.size(), 64u);
  std::size_t bytes = 0;
  for (const GeneratedCall& call : calls) bytes += call.args.size();
  EXPECT_LT(bytes, 64u * 64u * 1024u);
  const auto again = tool.calls();
  ASSERT_EQ(calls.size(), again.size());
  for (std::size_t i = 0; i < calls.size(); ++i) EXPECT_EQ(calls[i].args, again[i].args);
}

// Whatever a server publishes as a schema, every call is an object of strict JSON.
RC_GTEST_PROP(CallGenerator, EveryCallIsAnObjectWhateverTheSchemaHolds, ()) {
  const auto word = [] {
    return *rc::gen::element<std::string>("type", "properties", "items", "enum", "required", "anyOf", "$ref", "const", "minimum", "format",
                                          "pattern", "a", "url", "default", "minLength", "object", "array", "string", "#/properties/a");
  };
  std::function<std::string(int)> value = [&](int depth) -> std::string {
    switch (*rc::gen::inRange(0, depth > 3 ? 4 : 6)) {
      case 0:
        return "\"" + word() + "\"";
      case 1:
        return std::to_string(*rc::gen::inRange(-9, 9));
      case 2:
        return "null";
      case 3:
        return "true";
      case 4:
        return "[" + value(depth + 1) + "," + value(depth + 1) + "]";
      default: {
        std::string a = word(), b = word();
        return "{\"" + a + "\":" + value(depth + 1) + (a == b ? "" : ",\"" + b + "\":" + value(depth + 1)) + "}";
      }
    }
  };
  const Tool tool(R"({"type":"object","properties":{"a":)" + value(0) + R"(,"b":)" + value(0) + "}}");
  json::Reader reader;
  for (const GeneratedCall& call : tool.calls()) {
    const auto read = reader.read(call.args);
    RC_ASSERT(read.has_value());
    RC_ASSERT(read->is(json::Type::object));
  }
}

TEST(SampleOfPattern, GivesATextThatThePatternMatches) {
  for (const std::string_view pattern :
       {"^[a-z]{3,5}-[0-9]+$", "^(alpha|beta)/v\\d{2}$", "^/srv/[^/.]+\\.txt$", "^SELECT\\s", "[[\\]]x?", "^(?:a(b|c){2})+$", "^(?i)abc$",
        "^\\w+@corp\\.example$", ""}) {
    const auto compiled = policy::Pattern::compile(pattern);
    ASSERT_TRUE(compiled.has_value()) << pattern;
    const auto sample = sample_of_pattern(pattern);
    ASSERT_TRUE(sample.has_value()) << pattern;
    EXPECT_TRUE(compiled->search(*sample)) << pattern << " " << *sample;
  }
  EXPECT_FALSE(sample_of_pattern("(").has_value());
  EXPECT_FALSE(sample_of_pattern("[a").has_value());
}

}  // namespace
}  // namespace doorward::catalogue
