#include <gtest/gtest.h>

#include "approval/test_support.h"

namespace doorward::approval {
namespace {

using store::ApprovalState;

/// A desk that has spent an approval on `dec_0`; the id of the request.
std::string spend(Bench& bench) {
  const std::string request = bench.ask("dec_0").request;
  EXPECT_TRUE(bench.approve(request));
  EXPECT_EQ(bench.ask("dec_0", {.request = request}).standing, Standing::granted);
  return request;
}

void write_intent(Bench& bench, std::string_view decision) {
  audit::IntentRecord record;
  record.id = decision;
  record.verdict = "approve";
  audit::RecordBuffer buffer;
  ASSERT_TRUE(bench.log().record(audit::write_intent(record, buffer)));
}

ApprovalState state_of(Bench& bench, const std::string& request) {
  return bench.desk().show(request, false)->request.state;
}

TEST(Recovery, WhatWasSpentOnACallThatNeverBeganIsGivenBack) {
  Bench bench;
  const std::string request = spend(bench);
  bench.restart();
  EXPECT_EQ(state_of(bench, request), ApprovalState::approved);
  EXPECT_EQ(bench.ask("dec_1").standing, Standing::granted);
  EXPECT_EQ(bench.ask("dec_2").standing, Standing::waiting);
}

TEST(Recovery, WhatWasSpentOnACallThatBeganStaysSpent) {
  Bench bench;
  const std::string request = spend(bench);
  write_intent(bench, "dec_another");
  write_intent(bench, "dec_0");
  bench.restart();
  EXPECT_EQ(state_of(bench, request), ApprovalState::used);
  bench.restart();
  EXPECT_EQ(state_of(bench, request), ApprovalState::used);
  EXPECT_EQ(bench.ask("dec_1").standing, Standing::waiting);
}

TEST(Recovery, AnIntentBeforeTheUseIsAnotherCalls) {
  Bench bench;
  write_intent(bench, "dec_0");
  ASSERT_TRUE(bench.log().flush());
  const std::string request = spend(bench);
  bench.restart();
  EXPECT_EQ(state_of(bench, request), ApprovalState::approved);
}

TEST(Recovery, AfterALossOfPowerWhatIsSpentStaysSpent) {
  Bench bench;
  const std::string request = spend(bench);
  ASSERT_TRUE(bench.store().database().execute("UPDATE approval_uses SET boot = 'another boot'"));
  bench.restart();
  EXPECT_EQ(state_of(bench, request), ApprovalState::used);
}

TEST(Recovery, UnlessTheLogOutlivesIt) {
  Bench bench(Options{.log_survives_power_loss = true});
  const std::string request = spend(bench);
  ASSERT_TRUE(bench.store().database().execute("UPDATE approval_uses SET boot = 'another boot'"));
  bench.restart();
  EXPECT_EQ(state_of(bench, request), ApprovalState::approved);
}

TEST(Recovery, AnApprovalGivenBackTooLateIsOver) {
  Bench bench;
  const std::string request = spend(bench);
  bench.close();
  bench.clock().advance_us(601'000'000);
  bench.open();
  EXPECT_EQ(state_of(bench, request), ApprovalState::expired);
}

TEST(Recovery, OneUseOfManyIsGivenBackAlone) {
  Bench bench;
  const std::string request = bench.ask("dec_0").request;
  ASSERT_TRUE(bench.approve(request, Bench::person("bo"), 600));
  for (const char* decision : {"dec_0", "dec_1", "dec_2"}) {
    ASSERT_EQ(bench.ask(decision).standing, Standing::granted);
  }
  write_intent(bench, "dec_0");
  write_intent(bench, "dec_2");
  bench.restart();
  const auto details = bench.desk().show(request, false);
  EXPECT_EQ(details->request.state, ApprovalState::approved);
  ASSERT_EQ(details->uses.size(), 2u);
  EXPECT_EQ(details->uses[0].decision, "dec_0");
  EXPECT_EQ(details->uses[1].decision, "dec_2");
}

}  // namespace
}  // namespace doorward::approval
