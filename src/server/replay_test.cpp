#include "server/replay.h"

#include <gtest/gtest.h>

#include "json/reader.h"
#include "policy/test_support.h"
#include "risk/category.h"
#include "server/simulation.h"

namespace doorward::server {
namespace {

using testing::load_or_fail;

constexpr std::int64_t kStart = 1'800'000'000'000'000;
constexpr std::string_view kOpen = R"({"version":"1","default":"allow"})";

RecordedCall call(std::string tool, std::int64_t second = 0, std::vector<std::string> arguments = {}) {
  RecordedCall made;
  made.id = "dec_" + std::to_string(second);
  made.time_us = kStart + second * 1'000'000;
  made.grant_id = "g1";
  made.agent = "agent";
  made.server = "up";
  made.tool = std::move(tool);
  made.verdict = "allow";
  made.forwarded = true;
  made.succeeded = true;
  made.arguments = std::move(arguments);
  return made;
}

RecordedCall refused(RecordedCall made, std::string verdict, std::string code, std::string rule) {
  made.verdict = std::move(verdict);
  made.code = std::move(code);
  made.rule = std::move(rule);
  made.forwarded = false;
  made.succeeded.reset();
  return made;
}

ReplayContext context() {
  ReplayContext made;
  made.server = "up";
  made.grants.emplace("g1", ReplayContext::Grant{"g1", {}});
  made.category_of = [](std::string_view tool) { return risk::category_of_name(tool); };
  return made;
}

/// `change was>now`, or `not_replayable reason`.
std::string one(const RecordedCall& recorded, std::string_view draft, const ReplayContext& with = context()) {
  const Replay result = replay({recorded}, load_or_fail(draft), with);
  const Replayed& first = result.calls.at(0);
  std::string text(to_string(first.change));
  if (first.obstacle != Obstacle::none) return text + " " + std::string(to_string(first.obstacle));
  return text + " " + std::string(first.was) + ">" + std::string(first.now);
}

constexpr std::string_view kByAmount =
    R"({"version":"1","default":"allow","tools":{"pay":{"deny_if":[{"conditions":[{"path":"args.amount","op":"gt","value":10}]}]}}})";

TEST(Replay, SortsIntoBuckets) {
  EXPECT_EQ(one(call("x"), kOpen), "unchanged allowed>allowed");
  EXPECT_EQ(one(call("x"), R"({"version":"1","default":"deny"})"), "newly_denied allowed>denied");
  EXPECT_EQ(one(call("x"), R"({"version":"1","default":"allow","hide":["x"]})"), "newly_denied allowed>hidden");
  EXPECT_EQ(one(call("x"), R"({"version":"1","default":"allow","tools":{"x":{"action":"approve"}}})"),
            "newly_asks allowed>needs_approval");
  const RecordedCall denied = refused(call("x"), "deny", "default_deny", "(default deny)");
  EXPECT_EQ(one(denied, kOpen), "newly_allowed denied>allowed");
  EXPECT_EQ(one(denied, R"({"version":"1","default":"deny","hide":["x"]})"), "unchanged denied>hidden");
  EXPECT_EQ(one(refused(call("x"), "approve", "approval_expired", "/tools/x/action"), kOpen), "newly_allowed needs_approval>allowed");
}

TEST(Replay, KeepsWhatTheGatewayRefusesItself) {
  EXPECT_EQ(one(refused(call("x"), "hide", "unknown_tool", "(unknown tool)"), kOpen), "unchanged hidden>hidden");
  EXPECT_EQ(one(refused(call("x"), "deny", "tool_changed", "(definition changed)"), kOpen), "unchanged denied>denied");
}

TEST(Replay, JudgesADraftThatObservesAsIfItEnforced) {
  EXPECT_EQ(one(call("x"), R"({"version":"1","default":"deny","mode":"observe"})"), "newly_denied allowed>denied");
  RecordedCall observed = call("x");
  observed.verdict = "deny";
  observed.enforced = false;
  EXPECT_EQ(one(observed, R"({"version":"1","default":"deny"})"), "newly_denied allowed>denied");
}

TEST(Replay, SaysWhatItCannotTell) {
  ReplayContext with = context();
  EXPECT_EQ(one(call("pay", 0, {"amount"}), kByAmount, with), "not_replayable arguments_not_shown");
  with.arguments_of = [](const auto&) { return std::map<std::string, std::vector<audit::StoredArgument>>(); };
  EXPECT_EQ(one(call("pay", 0, {"amount"}), kByAmount, with), "not_replayable arguments_not_stored");
  // No such argument was given, so the rule has nothing to look at.
  EXPECT_EQ(one(call("pay", 0, {"note"}), kByAmount, with), "unchanged allowed>allowed");
  RecordedCall by_identity = call("x");
  by_identity.subject = "alice";
  EXPECT_EQ(one(by_identity,
                R"({"version":"1","default":"allow","tools":{"x":{"require":[{"conditions":[{"path":"identity.email","op":"exists","value":true}]}]}}})",
                with),
            "not_replayable identity_not_recorded");
}

TEST(Replay, JudgesStoredArgumentsAndNoRedactedOnes) {
  ReplayContext with = context();
  std::string stored = "12000";
  with.arguments_of = [&](const std::set<std::string, std::less<>>& ids) {
    std::map<std::string, std::vector<audit::StoredArgument>> found;
    for (const std::string& id : ids) found[id].push_back({"args.amount", "", "", stored});
    return found;
  };
  EXPECT_EQ(one(call("pay", 0, {"amount"}), kByAmount, with), "newly_denied allowed>denied");
  stored = "5";
  EXPECT_EQ(one(call("pay", 0, {"amount"}), kByAmount, with), "unchanged allowed>allowed");
  stored = R"("[redacted]")";
  EXPECT_EQ(one(call("pay", 0, {"amount"}), kByAmount, with), "not_replayable arguments_redacted");
}

TEST(Replay, TakesTheRecordedAnswerWhereTheRulesAreTheSame) {
  ReplayContext with = context();
  const auto then = load_or_fail(kByAmount);
  with.policy_of = [&](const std::string&) { return then; };
  RecordedCall recorded = refused(call("pay", 0, {"amount"}), "deny", "argument_denied", "/tools/pay/deny_if/args.amount-gt");
  recorded.policy_sha256 = then->sha256();
  std::string draft(kByAmount);
  draft.replace(draft.find("\"default\""), 0, R"("hide":["other"],)");
  EXPECT_EQ(one(recorded, draft, with), "unchanged denied>denied");
  draft.replace(draft.find("10}"), 2, "20");
  EXPECT_EQ(one(recorded, draft, with), "not_replayable arguments_not_shown");
}

TEST(Replay, CountsLimitsAlong) {
  constexpr std::string_view kTwo =
      R"({"version":"1","default":"allow","all_tools":{"limits":[{"counter":"c","window":"minute","max":2,"scope":"grant"}]}})";
  const Replay result = replay({call("x", 0), call("y", 1), call("x", 2), call("x", 200)}, load_or_fail(kTwo), context());
  EXPECT_EQ(result.calls[1].change, Change::unchanged);
  EXPECT_EQ(result.calls[2].change, Change::newly_denied);
  EXPECT_EQ(result.calls[2].now, "rate_limited");
  EXPECT_EQ(result.calls[3].change, Change::unchanged);
  EXPECT_EQ(one(refused(call("x"), "deny", "rate_limited", "/all_tools/limits/c"), kTwo), "not_replayable counters_start_empty");
}

TEST(Simulation, GroupsByAgentAndRuleAndWarnsOfALockout) {
  const auto draft = load_or_fail("{\"version\":\"1\",\"default\":\"allow\",\n\"tools\":{\"x\":{\"action\":\"deny\",\"reason\":\"Not here.\"}}}");
  RecordedCall failed = call("x", 1);
  failed.succeeded = false;
  const Simulation result = simulate({call("x", 0), failed, call("y", 2)}, draft, context(), kStart + 3'000'000);
  EXPECT_EQ(result.count(Change::newly_denied), 2u);
  EXPECT_EQ(result.succeeded[static_cast<std::size_t>(Change::newly_denied)], 1u);
  const Simulation::Group& first = result.groups.at(0);
  EXPECT_EQ(first.calls, 2u);
  EXPECT_EQ(first.line, 2u);
  EXPECT_EQ(first.note, "Not here.");
  EXPECT_EQ(first.examples, (std::vector<std::string>{"dec_1", "dec_0"}));
  EXPECT_NE(result.lockout.find("x is the tool most used"), std::string::npos);
}

TEST(RecordedCalls, AreJoinedWithTheirOutcomes) {
  json::Reader reader;
  CallCollector collector({.server = "up", .policy = {}, .agent = {}});
  const auto take = [&](const std::string& line, std::int64_t time_us) {
    const auto root = reader.read(line);
    ASSERT_TRUE(root.has_value()) << line;
    collector.take(*root, time_us);
  };
  take(R"({"event":"call.outcome","id":"dec_1","server":"up","result":"tool_error"})", 2);
  take(R"({"event":"call.intent","id":"dec_1","server":"up","method":"tools/call","tool":"x","verdict":"allow","enforced":true,"args":{"keys":["a"],"count":2}})", 1);
  take(R"({"event":"call.intent","id":"dec_2","server":"other","method":"tools/call","tool":"x"})", 1);
  take(R"({"event":"call.intent","id":"dec_3","server":"up","method":"resources/read"})", 1);
  const auto calls = std::move(collector).calls(10);
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].succeeded, false);
  EXPECT_FALSE(calls[0].arguments_whole);
}

}  // namespace
}  // namespace doorward::server
