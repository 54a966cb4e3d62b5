#include "catalogue/reach.h"

#include <gtest/gtest.h>

#include "policy/test_support.h"

namespace doorward::catalogue {
namespace {

using testing::load_or_fail;

LiveTool tool(std::string name, Category category = Category::write, std::string schema = R"({"type":"object"})") {
  LiveTool live;
  live.record.name = name;
  live.record.definition = "{\"name\":\"" + name + "\",\"inputSchema\":" + schema + "}";
  live.record.classification.category = category;
  live.record.classification.severity = category_severity(category);
  live.category = category;
  return live;
}

ToolReach reach(std::string_view document, const LiveTool& live, const Caller& caller = {}) {
  const auto policy = load_or_fail(document);
  ReachJudge judge(100'000);
  return judge.judge(policy.get(), "up", live, caller);
}

std::string rules(std::string_view block) {
  return R"({"version":"1","default":"deny","tools":{"x":)" + std::string(block) + "}}";
}

constexpr std::string_view kAmount = R"({"type":"object","required":["amount"],"properties":{"amount":{"type":"number"}}})";
constexpr std::string_view kLimit = R"("limits":[{"counter":"c","window":"minute","max":3,"scope":"grant"}])";

TEST(Reach, NamesTheFiveAnswers) {
  EXPECT_EQ(reach(R"({"version":"1","default":"deny","tools":{"y":{}}})", tool("x")).reach, Reach::blocked);
  EXPECT_EQ(reach(rules(R"({"action":"approve"})"), tool("x")).reach, Reach::needs_person);
  const ToolReach limited = reach(rules("{" + std::string(kLimit) + "}"), tool("x"));
  EXPECT_EQ(limited.reach, Reach::limited);
  EXPECT_EQ(limited.rule, "/tools/x/limits/c");
  EXPECT_EQ(limited.why, "At most 3 calls in a minute.");
  EXPECT_EQ(reach(rules("{}"), tool("x")).reach, Reach::open);
  const ToolReach depends = reach(rules(R"({"approve_if":[{"conditions":[{"path":"args.amount","op":"gt","value":1000}]}]})"),
                                  tool("x", Category::financial, std::string(kAmount)));
  EXPECT_EQ(depends.reach, Reach::depends);
  EXPECT_EQ(depends.rule, "/tools/x/approve_if/args.amount-gt");
  EXPECT_EQ(depends.passes, R"({"amount":1.5})");
  EXPECT_EQ(depends.stopped, R"({"amount":1001})");
}

TEST(Reach, WithoutAPolicyAndWithAnUnreviewedDefinitionNothingPasses) {
  ReachJudge judge(100);
  EXPECT_EQ(judge.judge(nullptr, "up", tool("x"), {}).rule, "(no policy)");
  LiveTool changed = tool("x");
  changed.withheld = "(definition changed)";
  const auto policy = load_or_fail(R"({"version":"1","default":"allow","mode":"observe"})");
  EXPECT_EQ(judge.judge(policy.get(), "up", changed, {}).reach, Reach::blocked);
}

TEST(Reach, ObservingIsOpenHoweverStrictTheRules) {
  for (const std::string_view strict : {R"("hide":["x"])", R"("tools":{"x":{"action":"deny"}})", R"("tools":{"x":{"action":"approve"}})",
                                        R"("tools":{"x":{"limits":[{"counter":"c","window":"day","max":0,"scope":"grant"}]}})"}) {
    const ToolReach open = reach(R"({"version":"1","mode":"observe","default":"deny",)" + std::string(strict) + "}", tool("x"));
    EXPECT_EQ(open.reach, Reach::open) << strict;
    EXPECT_TRUE(open.observed);
    EXPECT_EQ(open.passes, "{}");
  }
}

TEST(Reach, ObservingTellsWhatItWouldDoIfItEnforced) {
  const auto would = [](std::string_view block) {
    return reach(R"({"version":"1","mode":"observe","default":"deny","tools":{"x":)" + std::string(block) + "}}",
                 tool("x", Category::financial, std::string(kAmount)));
  };
  EXPECT_EQ(would("{}").would, Reach::open);
  EXPECT_EQ(would(R"({"action":"deny"})").would, Reach::blocked);
  EXPECT_EQ(would(R"({"action":"approve"})").would, Reach::needs_person);
  EXPECT_EQ(would(R"({"limits":[{"counter":"c","window":"minute","max":3,"scope":"grant"}]})").would, Reach::limited);
  const ToolReach depends = would(R"({"deny_if":[{"conditions":[{"path":"args.amount","op":"gt","value":1000}]}]})");
  EXPECT_EQ(depends.reach, Reach::open);
  EXPECT_EQ(depends.would, Reach::depends);
  EXPECT_EQ(depends.rule, "/tools/x/deny_if/args.amount-gt");
  EXPECT_EQ(depends.stopped, R"({"amount":1001})");
  for (const auto& trial : depends.trials) EXPECT_EQ(trial.value_or(Reach::open), Reach::open);
}

TEST(Reach, CategoriesAndGlobsAndHiddenOutersCount) {
  EXPECT_EQ(reach(R"({"version":"1","default":"allow","risk":{"Destructive":{"action":"approve"}}})", tool("x", Category::destructive)).reach,
            Reach::needs_person);
  EXPECT_EQ(reach(R"({"version":"1","default":"allow","tools":{"del*":{"action":"deny"}}})", tool("delete_all")).reach, Reach::blocked);
  LiveTool action = tool("pool_delete", Category::destructive);
  action.record.outer = "truenas";
  EXPECT_EQ(reach(R"({"version":"1","default":"allow","hide":["truenas"]})", action).reach, Reach::blocked);
}

TEST(Reach, ALimitThatNewSessionsEscapeIsNone) {
  EXPECT_EQ(reach(rules(R"({"limits":[{"counter":"c","window":"minute","max":3,"scope":"session"}]})"), tool("x")).reach, Reach::open);
  EXPECT_EQ(reach(rules(R"({"rate_limit":{"max":1,"window":60}})"), tool("x")).reach, Reach::open);
}

TEST(Reach, WhatNoGeneratedCallPassesIsOpenUnlessProven) {
  // No text can be read off this pattern, so nobody knows whether a call could pass.
  const ToolReach open = reach(rules(R"({"require":[{"conditions":[{"path":"args.key","op":"regex","value":"^\\pL{4}\\p{Greek}$"}]}]})"), tool("x"));
  EXPECT_EQ(open.reach, Reach::open);
  EXPECT_FALSE(open.decided);
  EXPECT_EQ(open.rule, "/tools/x/require/args.key-regex");
  const ToolReach found = reach(rules(R"({"require":[{"conditions":[{"path":"args.key","op":"regex","value":"^[A-Z]{4}-[0-9]{2}$"}]}]})"), tool("x"));
  EXPECT_EQ(found.reach, Reach::depends);
  EXPECT_EQ(found.passes, R"({"key":"AAAA-00"})");
}

TEST(Reach, FindsTheCallThatSeveralConditionsLetPass) {
  const ToolReach found = reach(rules(R"({"require":[{"conditions":[{"path":"args.url","op":"url_host","value":["api.example.com"]},
      {"path":"args.path","op":"path_under","value":["/srv"]}]}],"deny_if":[{"conditions":[{"path":"args.n","op":"gte","value":10}]}]})"),
                                tool("x", Category::execute, R"({"type":"object","properties":{"n":{"type":"integer","minimum":50}}})"));
  EXPECT_EQ(found.reach, Reach::depends);
  EXPECT_EQ(found.passes, R"({"n":9,"url":"https://api.example.com/","path":"/srv/example.txt"})");
}

TEST(Reach, FindsTheHourAndTheClaimsThatLetACallPass) {
  const ToolReach by_time = reach(rules(R"({"require":[{"conditions":[{"path":"time.hour","op":"eq","value":3},
      {"path":"time.weekday","op":"eq","value":"sun"}]}]})"), tool("x"));
  EXPECT_TRUE(is_usable(by_time.reach));
  const auto by_claim = rules(R"({"require":[{"conditions":[{"path":"identity.team","op":"in","value":["ops","dev"]}]}]})");
  EXPECT_EQ(reach(by_claim, tool("x")).reach, Reach::blocked);  // a token has no claims
  EXPECT_TRUE(is_usable(reach(by_claim, tool("x"), {.subject = {}, .any_identity = true}).reach));
}

TEST(Reach, LabelsOfTheGrantCount) {
  const auto by_label = rules(R"({"deny_if":[{"conditions":[{"path":"grant.labels.env","op":"eq","value":"prod"}]}]})");
  Caller prod, dev;
  prod.subject.labels = {{"env", "prod"}};
  dev.subject.labels = {{"env", "dev"}};
  EXPECT_EQ(reach(by_label, tool("x"), prod).reach, Reach::blocked);
  EXPECT_EQ(reach(by_label, tool("x"), dev).reach, Reach::open);
}

TEST(Reach, SaysWhatBecomesOfHostileArguments) {
  const LiveTool read = tool("x", Category::read, R"({"type":"object","required":["path"],"properties":{"path":{"type":"string"}}})");
  const auto traversal = static_cast<std::size_t>(Trial::traversal);
  const ToolReach guarded = reach(rules(R"({"require":[{"conditions":[{"path":"args.path","op":"path_under","value":["/data"]}]}]})"), read);
  EXPECT_EQ(guarded.reach, Reach::depends);
  EXPECT_EQ(guarded.trials[traversal], Reach::blocked);
}

TEST(Reach, WhenNoDecisionsAreLeftToolsCountAsOpen) {
  const auto policy = load_or_fail(R"({"version":"1","default":"deny","tools":{"x":{"require":[{"conditions":[{"path":"args.a","op":"exists","value":true}]}]}}})");
  ReachJudge judge(1);
  const ToolReach out = judge.judge(policy.get(), "up", tool("x"), {});
  EXPECT_EQ(out.reach, Reach::open);
  EXPECT_FALSE(out.decided);
}

}  // namespace
}  // namespace doorward::catalogue
