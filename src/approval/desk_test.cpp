#include "approval/desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "approval/test_support.h"
#include "audit/reader.h"
#include "base/encoding.h"

namespace doorward::approval {
namespace {

using store::ApprovalState;

TEST(Desk, AnApprovedCallRunsOnceAndOnlyOnce) {
  Bench bench;
  const Answer first = bench.ask("dec_1");
  ASSERT_EQ(first.standing, Standing::waiting);
  EXPECT_TRUE(first.request.starts_with("apr_"));
  EXPECT_EQ(first.request.size(), 30u);
  ASSERT_TRUE(bench.approve(first.request));
  const Answer granted = bench.ask("dec_1", {.request = first.request});
  EXPECT_EQ(granted.standing, Standing::granted);
  EXPECT_EQ(granted.by, "user:bo");
  const Answer again = bench.ask("dec_2", {.request = first.request});
  EXPECT_EQ(again.standing, Standing::refused);
  EXPECT_THAT(again.reason, testing::HasSubstr("identical call"));
  const Answer anew = bench.ask("dec_3");
  EXPECT_EQ(anew.standing, Standing::waiting);
  EXPECT_NE(anew.request, first.request);
}

TEST(Desk, OneOfAHundredResumesIsGranted) {
  Bench bench;
  const std::string request = bench.ask("dec_0").request;
  ASSERT_TRUE(bench.approve(request));
  std::vector<Answer> answers;
  for (int i = 0; i < 100; ++i) {
    Ask ask = bench.make("dec_" + std::to_string(i));
    ask.request = request;
    bench.desk().ask(std::move(ask), bench.loop(), [&](Answer answer) { answers.push_back(std::move(answer)); });
  }
  bench.turn([&] { return answers.size() == 100; });
  EXPECT_EQ(std::ranges::count(answers, Standing::granted, &Answer::standing), 1);
  EXPECT_EQ(std::ranges::count(answers, Standing::refused, &Answer::standing), 99);
}

TEST(Desk, IdenticalCallsAreOneRequestWithACount) {
  Bench bench;
  const std::string request = bench.ask("dec_0").request;
  for (int i = 1; i < 5; ++i) EXPECT_EQ(bench.ask("dec_" + std::to_string(i)).request, request);
  EXPECT_EQ(bench.ask("dec_1", {.request = request}).request, request) << "the same call is not counted twice";
  const auto rows = bench.desk().list({});
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_EQ(rows->front().asked, 5);
}

TEST(Desk, WhoeverWatchesIsWokenByTheDecisionUnlessItLeft) {
  Bench bench;
  const std::string request = bench.ask("dec_0").request;
  int woken = 0;
  Watch stays = bench.desk().watch(request, bench.loop(), [&] { ++woken; });
  {
    const Watch leaves = bench.desk().watch(request, bench.loop(), [&] { woken += 100; });
  }
  ASSERT_TRUE(bench.approve(request));
  bench.turn([&] { return woken != 0; });
  EXPECT_EQ(woken, 1);
  Watch late = bench.desk().watch(request, bench.loop(), [&] { ++woken; });
  bench.turn([&] { return woken == 2; });
}

TEST(Desk, T301_AnApprovalIsForNothingElse) {
  Bench bench;
  const std::string request = bench.ask("dec_0").request;
  ASSERT_TRUE(bench.approve(request));
  const std::vector<std::function<void(Ask&)>> changes = {
      [](Ask& ask) { ask.binding.grant = "g-2"; },
      [](Ask& ask) { ask.binding.identity = "oidc:https://idp#7"; },
      [](Ask& ask) { ask.binding.server = "stripe-test"; },
      [](Ask& ask) { ask.binding.tool = "create_payout"; },
      [](Ask& ask) { ask.binding.definition = sha256("another"); },
      [](Ask& ask) { ask.binding.arguments = "keyed digest of others"; },
      [](Ask& ask) { ask.binding.policy = "other"; },
      [](Ask& ask) { ask.binding.policy_version = 4; },
      [](Ask& ask) { ask.binding.policy_sha256 = std::string(64, 'b'); },
      [](Ask& ask) { ask.binding.rule = "/tools/create_refund/action"; },
      // What stands in one member must not pass for what stands in another.
      [](Ask& ask) {
        ask.binding.server = "stripecreate_";
        ask.binding.tool = "refund";
      }};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    Ask ask = bench.make("dec_x" + std::to_string(i));
    ask.request = request;
    changes[i](ask);
    std::optional<Answer> got;
    bench.desk().ask(std::move(ask), bench.loop(), [&](Answer answer) { got = std::move(answer); });
    bench.turn([&] { return got.has_value(); });
    EXPECT_EQ(got->standing, Standing::waiting) << i;
    EXPECT_NE(got->request, request) << i;
  }
  EXPECT_EQ(bench.ask("dec_1").standing, Standing::granted) << "its owner may still use it";
}

TEST(Desk, ADenialReachesTheAgentAndStandsUntilTheRequestWouldHaveExpired) {
  Bench bench;
  const std::string request = bench.ask("dec_0").request;
  ASSERT_TRUE(bench.deny(request, "Not to this customer."));
  const Answer denied = bench.ask("dec_1", {.request = request});
  EXPECT_EQ(denied.standing, Standing::denied);
  EXPECT_EQ(denied.reason, "Not to this customer.");
  EXPECT_EQ(denied.by, "user:bo");
  EXPECT_EQ(bench.ask("dec_2").standing, Standing::denied) << "an identical call";
  EXPECT_EQ(bench.ask("dec_3", {.arguments = R"({"amount":5001})"}).standing, Standing::waiting);
  EXPECT_FALSE(bench.approve(request)) << "what is decided stays";
  bench.pass(601'000'000);
  EXPECT_EQ(bench.ask("dec_4").standing, Standing::waiting);
}

TEST(Desk, AnApprovalIsTakenBackByADenial) {
  Bench bench;
  const std::string request = bench.ask("dec_0").request;
  ASSERT_TRUE(bench.approve(request));
  ASSERT_TRUE(bench.deny(request, "On second thoughts."));
  EXPECT_EQ(bench.ask("dec_1", {.request = request}).standing, Standing::denied);
}

TEST(Desk, NobodyAnswersAndNothingRuns) {
  Bench bench;
  const std::string request = bench.ask("dec_0").request;
  int woken = 0;
  const Watch watch = bench.desk().watch(request, bench.loop(), [&] { ++woken; });
  bench.pass(451'000'000);
  EXPECT_THAT(bench.events, testing::ElementsAre("approval.requested", "approval.expiring"));
  bench.pass(150'000'000);
  bench.turn([&] { return woken == 1; });
  EXPECT_EQ(bench.events.back(), "approval.expired");
  EXPECT_EQ(bench.ask("dec_0", {.request = request}).standing, Standing::expired);
  EXPECT_EQ(bench.approve(request).error().kind, ErrorKind::conflict);
  const Answer anew = bench.ask("dec_1");
  EXPECT_EQ(anew.standing, Standing::waiting);
  EXPECT_NE(anew.request, request);
}

TEST(Desk, AnApprovalUnusedEnds) {
  Bench bench;
  const std::string request = bench.ask("dec_0").request;
  bench.pass(400'000'000);
  ASSERT_TRUE(bench.approve(request));
  bench.pass(599'000'000);
  ASSERT_EQ(bench.desk().show(request, false)->request.state, ApprovalState::approved) << "counted from the decision";
  bench.pass(2'000'000);
  EXPECT_EQ(bench.ask("dec_0", {.request = request}).standing, Standing::expired);
}

TEST(Desk, T307_ARestartKeepsRequestsAndApprovals) {
  Bench bench;
  const std::string waiting = bench.ask("dec_0").request;
  const std::string approved = bench.ask("dec_1", {.tool = "create_payout"}).request;
  ASSERT_TRUE(bench.approve(approved));
  bench.restart();
  EXPECT_EQ(bench.ask("dec_2").request, waiting);
  EXPECT_EQ(bench.ask("dec_3", {.tool = "create_payout"}).standing, Standing::granted);
  EXPECT_EQ(bench.ask("dec_4", {.tool = "create_payout"}).standing, Standing::waiting);
  ASSERT_TRUE(bench.approve(waiting));
  bench.restart();
  EXPECT_EQ(bench.ask("dec_5").standing, Standing::granted);
}

TEST(Desk, T307_WhatExpiresWhileNobodyRunsIsExpiredAtTheStart) {
  Bench bench;
  const std::string request = bench.ask("dec_0").request;
  bench.close();
  bench.clock().advance_us(601'000'000);
  bench.open();
  EXPECT_EQ(bench.desk().show(request, false)->request.state, ApprovalState::expired);
}

TEST(Desk, T307_AStepOfTheClockNeitherEndsNorProlongsAnything) {
  Bench bench;
  const std::string request = bench.ask("dec_0").request;
  bench.clock().step_wall_us(3'600'000'000);
  bench.pass(0);
  EXPECT_EQ(bench.desk().show(request, false)->request.state, ApprovalState::pending);
  const std::int64_t left = bench.ask("dec_1").expires_us - bench.clock().wall_us();
  EXPECT_NEAR(static_cast<double>(left), 600e6, 1e6) << "times told are those of the wall";
  bench.clock().step_wall_us(-7'200'000'000);
  bench.pass(601'000'000);
  EXPECT_EQ(bench.desk().show(request, false)->request.state, ApprovalState::expired);
}

TEST(Desk, T307_ARestartUnderAClockSetBackGivesNoMoreTime) {
  Bench bench;
  bench.pass(1'000'000'000);
  const std::string request = bench.ask("dec_0").request;
  ASSERT_TRUE(bench.approve(request));
  bench.close();
  bench.clock().step_wall_us(-86'400'000'000);
  bench.open();
  bench.pass(601'000'000);
  EXPECT_EQ(bench.desk().show(request, false)->request.state, ApprovalState::expired);
}

TEST(Desk, T306_OneAgentCannotFloodThePeopleOrTheStore) {
  Bench bench(Options{.pending_per_grant = 3, .pending = 5, .arguments_bytes = 100});
  const auto ask = [&](const char* grant, int i) {
    return bench.ask("dec_" + std::string(grant) + std::to_string(i),
                     {.arguments = "{\"i\":" + std::to_string(i) + "}", .grant = grant});
  };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask("a", i).standing, Standing::waiting);
  const Answer over = ask("a", 3);
  EXPECT_EQ(over.standing, Standing::refused);
  EXPECT_THAT(over.reason, testing::HasSubstr("3 calls waiting"));
  EXPECT_EQ(ask("a", 1).standing, Standing::waiting) << "identical calls join what waits";
  for (int i = 0; i < 2; ++i) EXPECT_EQ(ask("b", i).standing, Standing::waiting) << "others are not harmed";
  EXPECT_EQ(ask("b", 2).standing, Standing::refused) << "but all together are bounded, too";
  EXPECT_EQ(bench.desk().list({})->size(), 5u);
  EXPECT_EQ(bench.events.size(), 5u) << "one message a request";
  EXPECT_EQ(bench.ask("dec_z", {.arguments = std::string(101, ' '), .grant = "c"}).standing, Standing::refused);
}

TEST(Desk, T304_IdsHave128RandomBitsAndAGuessFindsNothing) {
  Bench bench;
  std::set<std::string> ids;
  for (int i = 0; i < 20; ++i) {
    ids.insert(bench.ask("dec_" + std::to_string(i), {.arguments = "{\"i\":" + std::to_string(i) + "}"}).request);
  }
  EXPECT_EQ(ids.size(), 20u);
  for (const std::string& id : ids) EXPECT_EQ(from_base32(id.substr(4))->size(), 16u);
  for (const char* guess : {"", "apr_", "apr_0", "apr_%", "apr_________", "apr_00000000000000000000000000"}) {
    EXPECT_EQ(bench.desk().show(guess, true).error().kind, ErrorKind::not_found) << guess;
  }
  const std::string& some = *ids.begin();
  EXPECT_EQ(bench.desk().show(some.substr(0, 11), true).error().kind, ErrorKind::not_found) << "too short a beginning";
  EXPECT_EQ(bench.desk().show(some.substr(0, 12), true)->request.id, some);
}

TEST(Desk, WhatDidNotRunMayRunLater) {
  Bench bench;
  const std::string request = bench.ask("dec_0").request;
  ASSERT_TRUE(bench.approve(request));
  ASSERT_EQ(bench.ask("dec_0", {.request = request}).standing, Standing::granted);
  // An identical call has asked anew meanwhile; the approval that comes back answers it.
  const std::string second = bench.ask("dec_1").request;
  EXPECT_NE(second, request);
  int woken = 0;
  const Watch watch = bench.desk().watch(second, bench.loop(), [&] { ++woken; });
  bench.desk().give_back("dec_0");
  bench.turn([&] { return woken == 1; });
  EXPECT_EQ(bench.desk().show(second, false)->request.state, ApprovalState::cancelled);
  const Answer answer = bench.ask("dec_1", {.request = second});
  EXPECT_EQ(answer.standing, Standing::granted);
  EXPECT_EQ(answer.request, request);
  EXPECT_EQ(bench.ask("dec_0", {.request = request}).standing, Standing::refused);
}

TEST(Desk, ACallSpendsOneApprovalAtMost) {
  Bench bench;
  const std::string request = bench.ask("dec_0").request;
  ASSERT_TRUE(bench.approve(request, Bench::person("bo"), 600));
  EXPECT_EQ(bench.ask("dec_0").standing, Standing::granted);
  EXPECT_EQ(bench.ask("dec_0").standing, Standing::refused);
  bench.desk().give_back("dec_unknown");
  bench.pass(0);
  EXPECT_EQ(bench.desk().show(request, false)->uses.size(), 1u);
}

TEST(Desk, IdenticalCallsMayRunForAWhile) {
  Bench bench;
  const std::string request = bench.ask("dec_0").request;
  ASSERT_TRUE(bench.approve(request, Bench::person("bo"), 60));
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(bench.ask("dec_" + std::to_string(i)).standing, Standing::granted);
  }
  EXPECT_EQ(bench.ask("dec_x", {.arguments = "{}"}).standing, Standing::waiting);
  EXPECT_EQ(bench.desk().show(request, false)->uses.size(), 5u);
  bench.pass(61'000'000);
  EXPECT_EQ(bench.ask("dec_9").standing, Standing::waiting);
  for (const std::int64_t span : {std::int64_t{0}, std::int64_t{-1}, Desk::kLongestFor_s + 1}) {
    EXPECT_EQ(bench.approve(bench.ask("dec_9").request, Bench::person("bo"), span).error().kind, ErrorKind::invalid);
  }
}

TEST(Desk, ARevokedGrantsRequestsAreCancelled) {
  Bench bench;
  const std::string waiting = bench.ask("dec_0").request;
  const std::string approved = bench.ask("dec_1", {.tool = "create_payout"}).request;
  ASSERT_TRUE(bench.approve(approved));
  const std::string other = bench.ask("dec_2", {.grant = "g-2"}).request;
  int woken = 0;
  const Watch watch = bench.desk().watch(waiting, bench.loop(), [&] { ++woken; });
  ASSERT_TRUE(bench.desk().cancel_others([](std::string_view grant) { return grant == "g-2"; }));
  bench.turn([&] { return woken == 1; });
  EXPECT_EQ(bench.desk().show(waiting, false)->request.state, ApprovalState::cancelled);
  EXPECT_EQ(bench.desk().show(approved, false)->request.state, ApprovalState::cancelled);
  EXPECT_EQ(bench.desk().show(other, false)->request.state, ApprovalState::pending);
  EXPECT_EQ(bench.ask("dec_0", {.request = waiting}).standing, Standing::refused);
}

TEST(Desk, ArgumentsAreSealedAndRemovedSomeTimeAfterTheDecision) {
  Bench bench(Options{.keep_arguments_us = 3'600'000'000});
  const std::string secret = R"({"card":"4111-1111-1111-1111"})";
  const std::string request = bench.ask("dec_0", {.arguments = secret}).request;
  EXPECT_EQ(bench.desk().show(request, true)->arguments, secret);
  EXPECT_EQ(bench.desk().show(request, false)->arguments, std::nullopt);
  for (const auto& file : std::filesystem::recursive_directory_iterator(bench.directory())) {
    if (!file.is_regular_file()) continue;
    std::ifstream in(file.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    EXPECT_EQ(bytes.find("4111-1111"), std::string::npos) << file.path();
  }
  ASSERT_TRUE(bench.deny(request, "no"));
  bench.pass(601'000'000);
  EXPECT_TRUE(bench.desk().show(request, true)->arguments);
  bench.pass(3'601'000'000);
  EXPECT_FALSE(bench.desk().show(request, true)->arguments);
}

TEST(Desk, ArgumentsOfOneRequestDoNotPassForAnothers) {
  Bench bench;
  const std::string one = bench.ask("dec_0", {.arguments = "{}"}).request;
  const std::string other = bench.ask("dec_1", {.arguments = R"({"amount":1})"}).request;
  ASSERT_TRUE(bench.store().database().execute("UPDATE approval_arguments SET sealed = (SELECT sealed FROM "
                                               "approval_arguments WHERE request = '" + one + "') WHERE request = '" +
                                               other + "'"));
  EXPECT_EQ(bench.desk().show(other, true).error().kind, ErrorKind::corrupt);
  EXPECT_FALSE(bench.approve(other));
}

TEST(Desk, EverythingStandsInTheLog) {
  Bench bench;
  const std::string request = bench.ask("dec_0").request;
  const std::string shown = bench.desk().show(request, true)->shown;
  EXPECT_EQ(shown.size(), 64u);
  EXPECT_EQ(bench.desk()
                .decide(request, Bench::person("bo"),
                        {.approve = true, .reason = "fine", .for_s = {}, .shown = std::string(64, '0')})
                .error()
                .kind,
            ErrorKind::conflict);
  ASSERT_TRUE(bench.desk().decide(request, Bench::person("bo"),
                                  {.approve = true, .reason = "fine", .for_s = {}, .shown = shown}));
  ASSERT_EQ(bench.ask("dec_0", {.request = request}).standing, Standing::granted);
  bench.desk().give_back("dec_0");
  bench.pass(0);
  ASSERT_TRUE(bench.deny(request, "stop"));
  ASSERT_TRUE(bench.log().flush());
  std::vector<std::string> events;
  audit::LogReader reader(bench.log_directory());
  audit::Query query;
  query.event = "approval.*";
  ASSERT_TRUE(reader.for_each(query, [&](const audit::RecordView& record) {
    events.push_back(std::string(record.text("event")));
    EXPECT_EQ(record.text("request"), request);
    EXPECT_EQ(record.text("args_digest"), bench.make("dec_0").binding.arguments);
    if (events.back() == "approval.approved") {
      EXPECT_EQ(record.text("actor"), "user:bo");
      EXPECT_EQ(record.text("shown"), shown);
      EXPECT_EQ(record.text("reason"), "fine");
    }
    if (events.back() == "approval.used") {
      EXPECT_EQ(record.text("decision"), "dec_0");
    }
    return true;
  }));
  EXPECT_THAT(events, testing::ElementsAre("approval.requested", "approval.approved", "approval.used",
                                           "approval.given_back", "approval.denied"));
}

}  // namespace
}  // namespace doorward::approval
