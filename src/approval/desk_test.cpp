#include "approval/desk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
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

}  // namespace
}  // namespace doorward::approval
