#include "policy/dialect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "json/reader.h"
#include "policy/test_support.h"

namespace doorward::policy {
namespace {

using ::testing::HasSubstr;

/// The translation without white space, or `refused: CODE@POINTER`.
std::string translated(const std::string& text) {
  json::Reader reader;
  const auto value = reader.read(text);
  EXPECT_TRUE(value.has_value()) << text;
  const auto out = translate(text, *value);
  if (!out) return "refused: " + out.error().front().code + "@" + out.error().front().pointer;
  EXPECT_TRUE(load(out->document).has_value());
  std::string compact;
  for (char c : out->document) {
    if (c != ' ' && c != '\n') compact += c;
  }
  return compact;
}

std::string rules(const std::string& list, const std::string& tool = "t") {
  return R"({"version":"1","tools":{")" + tool + R"(":{"rules":[)" + list + "]}}}";
}

std::string block(const std::string& members, const std::string& tool = "t") {
  return R"({"version":"1","default":"allow","tools":{")" + tool + R"(":{)" + members + "}}}";
}

TEST(Dialect, IsRecognisedByItsRules) {
  json::Reader reader;
  const std::string older = rules("");
  EXPECT_TRUE(is_older_dialect(*reader.read(older)));
  EXPECT_FALSE(is_older_dialect(*reader.read(R"({"version":"1","default":"deny","tools":{"t":{}}})")));
  EXPECT_FALSE(is_older_dialect(*reader.read("[]")));
}

TEST(Dialect, ConditionsMustHoldForTheCallToPass) {
  EXPECT_EQ(
      translated(rules(
          R"({"name":"cap","conditions":[{"path":"args.amount","op":"lte","value":50000}],"on_deny":"Tooo."})")),
      block(
          R"("require":[{"conditions":[{"path":"args.amount","op":"lte","value":50000}],"on_deny":"Tooo."}])"));
}

TEST(Dialect, DenyAndHideAndDefault) {
  EXPECT_EQ(translated(rules(R"({"action":"deny","on_deny":"No."})")),
            block(R"("deny_if":[{"conditions":[],"on_deny":"No."}])"));
  EXPECT_EQ(
      translated(
          R"({"version":"1","description":"d","default":"deny","hide":["a"],"tools":{"t":{"rules":[]}}})"),
      R"({"version":"1","description":"d","default":"deny","hide":["a"],"tools":{"t":{}}})");
}

TEST(Dialect, RateLimitsCountPerToolAndGrant) {
  EXPECT_EQ(
      translated(rules(R"({"rate_limit":"5/hour","on_deny":"Later."})")),
      block(
          R"("limits":[{"counter":"t._rate_hour","window":"hour","max":5,"scope":"grant","on_deny":"Later."}])"));
}

TEST(Dialect, TheStarIsAllTools) {
  EXPECT_EQ(
      translated(rules(R"({"rate_limit":"60/minute"})", "*")),
      R"({"version":"1","default":"allow","all_tools":{"limits":[{"counter":"_global._rate_minute","window":"minute","max":60,"scope":"grant"}]},"tools":{}})");
}

TEST(Dialect, StateBecomesALimitWithAnAmount) {
  EXPECT_EQ(
      translated(rules(
          R"({"conditions":[{"path":"state.t.spend","op":"lte","value":1000},{"path":"args.c","op":"in","value":["usd"]}],
      "state":{"counter":"spend","window":"day","increment_from":"args.amount"}})")),
      block(
          R"("require":[{"conditions":[{"path":"args.c","op":"in","value":["usd"]}]}],"limits":[{"counter":"t.spend","window":"day","max":1000,"scope":"grant","amount":"args.amount"}])"));
  EXPECT_EQ(
      translated(rules(
          R"({"conditions":[{"path":"state.t.n","op":"lt","value":5}],"state":{"counter":"n","window":"day"}})")),
      block(R"("limits":[{"counter":"t.n","window":"day","max":4,"scope":"grant"}])"));
  EXPECT_EQ(
      translated(rules(
          R"({"conditions":[{"path":"state.t.n","op":"lte","value":5}],"state":{"counter":"n","window":"day","increment":2}})")),
      block(R"("limits":[{"counter":"t.n","window":"day","max":2,"scope":"grant"}])"));
}

TEST(Dialect, ApprovalsBecomeApproveIf) {
  EXPECT_EQ(
      translated(rules(
          R"({"action":"require_approval","conditions":[{"path":"args.a","op":"gt","value":1}],"approval_timeout":"30m"})")),
      block(R"("approve_if":[{"conditions":[{"path":"args.a","op":"gt","value":1}],"expires":"30m"}])"));
}

TEST(Dialect, WhatCannotBeTranslatedIsRefusedWithItsPlace) {
  EXPECT_EQ(translated(rules(R"({"conditions":[{"path":"state.other.n","op":"lte","value":5}]})")),
            "refused: untranslatable@/tools/t/rules/0/conditions/0");
  EXPECT_EQ(
      translated(rules(
          R"({"conditions":[{"path":"state.t.n","op":"gt","value":5}],"state":{"counter":"n","window":"day"}})")),
      "refused: unknown-word@/tools/t/rules/0/state");
  EXPECT_EQ(translated(rules(R"({"state":{"counter":"n","window":"day"}})")),
            "refused: untranslatable@/tools/t/rules/0");
  EXPECT_EQ(translated(rules(R"({"rate_limit":"5/week"})")),
            "refused: untranslatable@/tools/t/rules/0/rate_limit");
  EXPECT_EQ(translated(rules(R"({"rate_limit":"0/hour"})")),
            "refused: untranslatable@/tools/t/rules/0/rate_limit");
  EXPECT_EQ(translated(rules(R"({"rate_limit":"5/hour"},{"rate_limit":"6/hour"})")),
            "refused: untranslatable@/tools/t/rules/1/rate_limit");
  EXPECT_EQ(translated(rules(R"({"spend":{"daily":5}})")), "refused: unknown-field@/tools/t/rules/0/spend");
  EXPECT_EQ(translated(rules("{}", "get_*")), "refused: untranslatable@/tools/get_*");
  EXPECT_EQ(translated(rules(R"({"conditions":[{"path":"args.a","op":"regex","value":"(?m)a"}]})")),
            "refused: bad-pattern@/tools/t/require/0/conditions/0/value");
  EXPECT_EQ(translated(rules(R"({"action":"deny","conditions":[]})")),
            "refused: untranslatable@/tools/t/rules/0/conditions");
}

TEST(Dialect, NotesSayWhatIsStricter) {
  const std::string text = rules(R"({"name":"x","rate_limit":"5/hour"})");
  json::Reader reader;
  const auto out = translate(text, *reader.read(text));
  ASSERT_TRUE(out.has_value());
  EXPECT_THAT(out->notes, ::testing::Contains(HasSubstr("rolling windows")));
  EXPECT_THAT(out->notes, ::testing::Contains(HasSubstr("rule names are dropped")));
  EXPECT_THAT(out->document, HasSubstr("\n  \"version\": \"1\",\n"));
}

}  // namespace
}  // namespace doorward::policy
