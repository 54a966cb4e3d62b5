#include "server/suggestion.h"

#include <gtest/gtest.h>

#include "policy/test_support.h"

namespace doorward::server {
namespace {

RecordedCall call(std::string tool, std::int64_t second, bool forwarded = true, std::string verdict = "allow") {
  RecordedCall made;
  made.time_us = second * 1'000'000;
  made.grant_id = made.agent = "agent";
  made.tool = std::move(tool);
  made.forwarded = forwarded;
  made.verdict = std::move(verdict);
  return made;
}

TEST(Suggestion, PermitsWhatWasUsedAndNothingElse) {
  const Suggestion result = suggest_policy({call("read", 1), call("read", 2), call("drop", 3, false, "deny"), call("pay", 4, true, "approve")},
                                           "up", nullptr, "a week");
  const auto policy = testing::load_or_fail(result.text);
  const auto verdict = [&](const std::string& tool) { return testing::judged(*policy, testing::CallUnderTest(tool).call); };
  EXPECT_TRUE(verdict("read").starts_with("allow")) << verdict("read");
  EXPECT_TRUE(verdict("pay").starts_with("approve")) << verdict("pay");
  EXPECT_EQ(verdict("drop").substr(0, 20), "deny (default deny) ") << verdict("drop");
  EXPECT_NE(policy->description().find("read 2, pay 1"), std::string_view::npos);
  ASSERT_EQ(result.refused.size(), 1u);
  EXPECT_EQ(result.refused[0].tool, "drop");
}

TEST(Suggestion, LimitsToTwiceTheBusiestMinute) {
  std::vector<RecordedCall> calls;
  for (int i = 0; i < 40; ++i) calls.push_back(call("read", i));
  calls.push_back(call("read", 500));
  const Suggestion result = suggest_policy(calls, "up", nullptr, "a week");
  EXPECT_EQ(result.peak, 40u);
  EXPECT_EQ(testing::load_or_fail(result.text)->limits()[0].max_text, "80");
}

TEST(Suggestion, KeepsTheRulesThatAToolHas) {
  const auto current = testing::load_or_fail(
      R"({"version":"1","default":"allow","tools":{"pay":{"deny_if":[{"conditions":[{"path":"args.n","op":"gt","value":10}]}]},"drop":{}}})");
  const Suggestion result = suggest_policy({call("pay", 1)}, "up", current, "a week");
  EXPECT_NE(result.text.find("args.n"), std::string::npos);
  EXPECT_EQ(result.text.find("drop"), std::string::npos);
}

}  // namespace
}  // namespace doorward::server
