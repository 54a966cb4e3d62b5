#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

#include "catalogue/recommendation.h"
#include "json/canonical.h"
#include "json/reader.h"
#include "policy/test_support.h"

namespace doorward::catalogue {
namespace {

using testing::judged;

std::string canonical(std::string_view text) {
  json::Reader reader;
  const auto value = reader.read(text);
  EXPECT_TRUE(value) << text;
  std::string out;
  if (value) json::Canonical().append(*value, out);
  return out;
}

risk::Classification classified(Category category, std::optional<Severity> severity = std::nullopt) {
  risk::Classification is;
  is.category = category;
  is.severity = severity.value_or(category_severity(category));
  return is;
}

std::string merged(std::string_view policy, std::string_view tool, const risk::Classification& is) {
  const auto result = merge_rule(policy, tool, is);
  EXPECT_TRUE(result) << (result ? "" : result.error().message);
  return result ? *result : "";
}

TEST(ToolRule, OfEachCategoryIsThePublishedOne) {
  const auto published = [](Category category) {
    return canonical(recommend("X", classified(category)).published);
  };
  EXPECT_EQ(published(Category::read), canonical(R"({"version":"1","default":"deny","tools":{"X":{}}})"));
  const auto limited = [](int max) {
    return canonical(
        R"({"version":"1","default":"deny","tools":{"X":{"limits":[{"counter":"X_rate","window":"minute","max":)" +
        std::to_string(max) + R"(,"scope":"grant"}]}}})");
  };
  EXPECT_EQ(published(Category::write), limited(30));
  EXPECT_EQ(published(Category::execute), limited(10));
  EXPECT_EQ(published(Category::other), limited(60));
  EXPECT_EQ(published(Category::destructive), canonical(R"({"version":"1","default":"deny","hide":["X"]})"));
  EXPECT_EQ(
      published(Category::financial),
      canonical(
          R"({"version":"1","default":"deny","tools":{"X":{"deny_if":[{"conditions":[],"on_deny":"Requires human approval."}]}}})"));
  for (const Category category :
       {Category::read, Category::write, Category::execute, Category::destructive, Category::other}) {
    const ToolRule rule = recommend("X", classified(category));
    EXPECT_EQ(rule.policy, rule.published) << to_string(category);
    EXPECT_EQ(rule.why, "") << to_string(category);
  }
  const ToolRule money = recommend("X", classified(Category::financial));
  EXPECT_EQ(judged(money.policy, "X"), "approve /tools/X/action @ /tools/X/action");
  EXPECT_NE(money.why, "");
}

TEST(ToolRule, FollowsTheOwnSeverityWhereThatIsStricter) {
  risk::Classification secret = classified(Category::read, Severity::high);
  secret.evidence.push_back(
      {risk::EvidenceSource::name, "severity.returns-secrets", "/name", "get_secret", "high"});
  const ToolRule rule = recommend("get_secret", secret);
  EXPECT_NE(rule.policy.find("\"max\": 10"), std::string::npos);
  EXPECT_NE(rule.published.find("\"get_secret\": {}"), std::string::npos);
  EXPECT_NE(rule.why.find("it returns credentials (\"get_secret\")"), std::string::npos) << rule.why;
  EXPECT_EQ(judged(recommend("sql", classified(Category::read, Severity::critical)).policy, "sql"),
            "approve /tools/sql/action @ /tools/sql/action");
  EXPECT_NE(recommend("x", classified(Category::read, Severity::medium)).policy.find("\"max\": 30"),
            std::string::npos);
  // A severity below the category's never loosens the category's rule.
  EXPECT_EQ(recommend("x", classified(Category::destructive, Severity::low)).policy,
            recommend("x", classified(Category::destructive)).policy);
}

TEST(ToolRule, EveryTextIsAValidPolicy) {
  for (const Category category : kCategories) {
    for (const Severity severity : kSeverities) {
      for (const std::string name : {"plain", "with \"quotes\" and \\", "a.b/c~d", "tool_*",
                                     "\xd0\xbf\xd0\xbe\xd0\xb8\xd1\x81\xd0\xba"}) {
        const ToolRule rule = recommend(name, classified(category, severity));
        for (const std::string& text : {rule.policy, rule.published, rule.rate_limit, rule.block})
          EXPECT_NE(testing::load_or_fail(text), nullptr) << text;
        const std::string blocked = judged(rule.block, name);
        EXPECT_TRUE(blocked.starts_with("hide") || blocked.starts_with("deny")) << blocked;
      }
    }
  }
}

// Their definitions and labels are published; the policies must be equal as JSON.
TEST(ToolRule, OfThePublishedToolsIsThePublishedRule) {
  std::ifstream file("../shared/data/named-tools.json");
  if (!file) GTEST_SKIP() << "../shared/data/named-tools.json is absent";
  std::stringstream text;
  text << file.rdbuf();
  const std::string document = text.str();
  json::Reader reader;
  const auto tools = reader.read(document);
  ASSERT_TRUE(tools);
  std::size_t compared = 0;
  for (const json::Value tool : tools->elements()) {
    const risk::ToolFacts facts = risk::facts_of(json::text_of(tool, "server"), tool);
    const risk::Classification is = risk::classify(facts);
    const json::Value published = tool.find("published");
    EXPECT_EQ(to_string(is.category), json::text_of(published, "category"))
        << facts.server << " " << facts.name;
    std::string expected;
    json::Canonical().append(published.find("policy"), expected);
    EXPECT_EQ(canonical(recommend(facts.name, is).published), expected) << facts.server << " " << facts.name;
    for (const json::Value label : published.find("signals").elements()) {
      std::vector<std::string> ours;
      for (const risk::SignalHit& hit : is.signals)
        ours.push_back(std::string(risk::label(hit.signal)) + " (" + hit.words + ")");
      EXPECT_NE(std::ranges::find(ours, label.string()), ours.end())
          << label.string() << " of " << facts.name;
    }
    ++compared;
  }
  EXPECT_EQ(compared, 4u);
}

TEST(ToolRule, ApiKeyCreateIsHighForItReturnsTheKey) {
  risk::ToolFacts facts;
  facts.name = "api_key_create";
  facts.description =
      "Create a new API key for programmatic access to the TrueNAS API. Returns the key \xe2\x80\x94 store "
      "it securely as it "
      "cannot be retrieved later.";
  const risk::Classification is = risk::classify(facts);
  EXPECT_EQ(to_string(is.category), "Write");
  EXPECT_EQ(to_string(is.severity), "high");
  EXPECT_TRUE(is.has(risk::Signal::returns_secrets));
  EXPECT_TRUE(is.has(risk::Signal::handles_secrets));
}

// -- Merging
// ------------------------------------------------------------------------------------------------------

TEST(MergeRule, KeepsEveryRuleAndAddsTheTools) {
  const std::string mine = R"({
  "version": "1",
  "default": "allow",
  "hide": ["a"],
  "tools": {
    "b": {"limits": [{"counter": "c", "window": "day", "max": 3, "scope": "grant"}]}
  }
})";
  EXPECT_EQ(merged(mine, "X", classified(Category::destructive)), R"({
  "version": "1",
  "default": "allow",
  "hide": ["a", "X"],
  "tools": {
    "b": {"limits": [{"counter": "c", "window": "day", "max": 3, "scope": "grant"}]}
  }
})");
  EXPECT_EQ(merged(mine, "X", classified(Category::write)), R"({
  "version": "1",
  "default": "allow",
  "hide": ["a"],
  "tools": {
    "b": {"limits": [{"counter": "c", "window": "day", "max": 3, "scope": "grant"}]},
    "X": {"limits": [{"counter": "X_rate", "window": "minute", "max": 30, "scope": "grant"}]}
  }
})");
  EXPECT_EQ(merged(mine, "b", classified(Category::execute)), R"({
  "version": "1",
  "default": "allow",
  "hide": ["a"],
  "tools": {
    "b": {"limits": [{"counter": "c", "window": "day", "max": 3, "scope": "grant"}, {"counter": "b_rate", "window": "minute", "max": 10, "scope": "grant"}]}
  }
})");
}

TEST(MergeRule, WhatIsAsStrictAlreadyStays) {
  const auto same = [](std::string_view policy, std::string_view tool, const risk::Classification& is) {
    EXPECT_EQ(merged(policy, tool, is), policy) << tool;
  };
  same(R"({"version":"1","default":"deny","hide":["X"]})", "X", classified(Category::destructive));
  for (const char* action : {"deny", "hide"}) {
    const std::string policy =
        R"({"version":"1","default":"allow","tools":{"X":{"action":")" + std::string(action) + R"("}}})";
    same(policy, "X", classified(Category::write));
    same(policy, "X", classified(Category::financial));
    same(policy, "X", classified(Category::read));
  }
  same(R"({"version":"1","default":"allow","tools":{"X":{"action":"approve"}}})", "X",
       classified(Category::financial));
  same(R"({"version":"1","default":"deny","tools":{"X":{}}})", "X", classified(Category::read));
  same(
      R"({"version":"1","default":"deny","tools":{"X":{"limits":[{"counter":"n","window":"minute","max":5,"scope":"grant"}]}}})",
      "X", classified(Category::execute));
}

TEST(MergeRule, MakesAnEntryStricter) {
  const std::string open = R"({"version":"1","default":"deny","tools":{"X":{},"Y":{"action":"allow"}}})";
  EXPECT_EQ(judged(merged(open, "X", classified(Category::financial)), "X").substr(0, 7), "approve");
  EXPECT_EQ(judged(merged(open, "Y", classified(Category::financial)), "Y").substr(0, 7), "approve");
  EXPECT_EQ(judged(merged(open, "X", classified(Category::destructive)), "X").substr(0, 4), "hide");
  EXPECT_EQ(judged(merged(open, "X", classified(Category::destructive)), "Y"), "allow");
  const std::string loose =
      R"({"version":"1","default":"deny","tools":{"X":{"limits":[{"counter":"X_rate","window":"minute","max":500,"scope":"grant"}]}}})";
  const std::string tight = merged(loose, "X", classified(Category::write));
  EXPECT_NE(tight.find("500"), std::string::npos);
  EXPECT_NE(tight.find("\"max\": 30"), std::string::npos);
}

TEST(MergeRule, TouchesNoOtherTool) {
  const std::string mine =
      R"({"version":"1","default":"deny","hide":["h"],"risk":{"Read":{}},"tools":{"a":{},"b":{"action":"approve"},"g_*":{}}})";
  for (const Category category : kCategories) {
    for (const Severity severity : kSeverities) {
      const std::string text = merged(mine, "X", classified(category, severity));
      for (const char* other : {"a", "b", "h", "g_1", "Z"}) {
        std::string before = judged(mine, other);
        std::string after = judged(text, other);
        EXPECT_EQ(after, before) << other << " under " << text;
      }
    }
  }
}

TEST(MergeRule, OfAPatternRefusesThatToolAlone) {
  const std::string text =
      merged(R"({"version":"1","default":"allow"})", "get_*", classified(Category::read));
  EXPECT_TRUE(judged(text, "get_*").starts_with("deny"));
  EXPECT_EQ(judged(text, "get_user"), "allow");
}

TEST(MergeRule, RefusesWhatIsNoPolicy) {
  for (const char* wrong : {"", "{}", "[]", R"({"version":"1"})", R"({"version":"2","default":"deny"})",
                            R"({"version":"1","default":"deny","tool":{}})"}) {
    const auto result = merge_rule(wrong, "X", classified(Category::write));
    ASSERT_FALSE(result) << wrong;
    EXPECT_EQ(result.error().kind, ErrorKind::invalid);
  }
  // A document whose own tests would fail afterwards is not changed behind its author's back.
  const auto result = merge_rule(
      R"({"version":"1","default":"allow","tests":[{"name":"t","tool":"X","args":{},"expect":"allow"}]})",
      "X", classified(Category::destructive));
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("would no longer be valid"), std::string::npos)
      << result.error().message;
}

}  // namespace
}  // namespace doorward::catalogue
