#include "catalogue/policy_diff.h"

#include <gtest/gtest.h>

#include "policy/test_support.h"

namespace doorward::catalogue {
namespace {

using testing::load_or_fail;

PolicyDiff diff(std::string_view before, std::string_view after) {
  return diff_policies(load_or_fail(before), load_or_fail(after), "up", {});
}

TEST(PolicyDiff, IsEmptyForOtherLayout) {
  const PolicyDiff same = diff(R"({"version":"1","default":"deny","tools":{"a":{}}})", R"({ "version": "1", "tools": {"a": {}}, "default": "deny" })");
  EXPECT_TRUE(same.empty());
  EXPECT_EQ(same.summary, "No decision changes.");
}

TEST(PolicyDiff, CountsToolsByWhatBecomesOfThem) {
  const PolicyDiff changes = diff(R"({"version":"1","default":"allow","tools":{"a":{},"b":{},"c":{}}})",
                                  R"({"version":"1","default":"allow","hide":["c"],"tools":{"a":{"action":"deny","reason":"x"},"b":{"action":"deny","reason":"x"}}})");
  EXPECT_EQ(changes.summary, "2 tools newly denied, 1 tool newly hidden.");
  EXPECT_FALSE(changes.widens);
  EXPECT_TRUE(diff(R"({"version":"1","default":"deny"})", R"({"version":"1","default":"deny","tools":{"a":{}}})").widens);
}

TEST(PolicyDiff, NamesLimitsAndSettings) {
  const auto with = [](const std::string& max, const std::string& rest) {
    return R"({"version":"1","default":"allow","all_tools":{"limits":[{"counter":"c","window":"minute","max":)" + max + R"(,"scope":"grant"}]})" + rest + "}";
  };
  const PolicyDiff lowered = diff(with("10", ""), with("5", ""));
  EXPECT_EQ(lowered.summary, "1 limit lowered.");
  EXPECT_EQ(lowered.limits.at(0).before, "10 a minute");
  EXPECT_FALSE(lowered.widens);
  EXPECT_TRUE(diff(with("5", ""), with("10", "")).widens);
  const PolicyDiff observed = diff(with("5", ""), with("5", R"(,"mode":"observe")"));
  EXPECT_EQ(observed.summary, "mode enforce -> observe.");
  EXPECT_TRUE(observed.widens);
}

TEST(PolicyDiff, TellsOfOtherBoundsUnderTheSameWord) {
  const auto with = [](const std::string& bound) {
    return R"({"version":"1","default":"allow","tools":{"pay":{"deny_if":[{"conditions":[{"path":"args.n","op":"gt","value":)" + bound + "}]}]}}}";
  };
  const PolicyDiff changes = diff(with("100"), with("10"));
  ASSERT_EQ(changes.tools.size(), 1u);
  EXPECT_EQ(changes.tools[0].before, changes.tools[0].after);
  EXPECT_EQ(changes.summary, "1 tool with other rules.");
}

TEST(PolicyDiff, ReadsRulesOnArgumentsOfDocumentsThatObserve) {
  const auto with = [](const std::string& block) {
    return R"({"version":"1","mode":"observe","default":"deny","tools":{"pay":)" + block + "}}";
  };
  const std::string bounded = R"({"deny_if":[{"conditions":[{"path":"args.n","op":"gt","value":10}]}]})";
  const PolicyDiff tighter = diff(with("{}"), with(bounded));
  EXPECT_EQ(tighter.summary, "1 tool newly depending on arguments.");
  EXPECT_FALSE(tighter.widens);
  EXPECT_TRUE(diff(with(bounded), with("{}")).widens);
}

TEST(PolicyDiff, ComparesANewPolicyWithNone) {
  const PolicyDiff changes = diff_policies(nullptr, load_or_fail(R"({"version":"1","default":"deny","tools":{"a":{}}})"), "up", {});
  EXPECT_EQ(changes.summary, "1 tool newly allowed.");
  EXPECT_TRUE(changes.widens);
}

}  // namespace
}  // namespace doorward::catalogue
