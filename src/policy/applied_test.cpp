#include "policy/applied.h"

#include <gtest/gtest.h>

#include "policy/test_support.h"

namespace doorward::policy {
namespace {

using testing::CallUnderTest;
using testing::load_or_fail;

struct Seen {
  std::string refuses;
  std::string asks;
  std::size_t open = 0;
  bool settled = false;
};

Seen seen(std::string_view document, std::string tool, std::optional<Category> category = {}, std::string label = "a",
          bool known_identity = true, std::string outer = "") {
  const auto policy = load_or_fail(document);
  CallUnderTest under(std::move(tool));
  under.call.category = category;
  under.call.outer = outer;
  under.subject.label = label;
  const Applied applied = applied_to(*policy, under.call, known_identity);
  return {applied.refuses == nullptr ? "" : applied.refuses->rule, applied.asks == nullptr ? "" : applied.asks->rule,
          applied.open.size(), applied.settled()};
}

TEST(Applied, NamesWhatRefusesEveryCall) {
  EXPECT_EQ(seen(R"({"version":"1","default":"deny","tools":{"y":{}}})", "x").refuses, "(default deny)");
  EXPECT_EQ(seen(R"({"version":"1","default":"allow","hide":["x"]})", "x").refuses, "(hidden)");
  EXPECT_EQ(seen(R"({"version":"1","default":"allow","hide":["o"]})", "x", {}, "a", true, "o").refuses, "(hidden)");
  EXPECT_EQ(seen(R"({"version":"1","default":"allow","tools":{"x":{"deny_if":[{"conditions":[]}]}}})", "x").refuses,
            "/tools/x/deny_if/0");
  EXPECT_EQ(seen(R"({"version":"1","default":"allow","tools":{"x":{"limits":[{"counter":"c","window":"day","max":0,"scope":"grant"}]}}})", "x").refuses,
            "/tools/x/limits/c");
  EXPECT_EQ(seen(R"({"version":"1","default":"allow","risk":{"Destructive":{"action":"deny"}}})", "x", Category::destructive).refuses,
            "/risk/Destructive/action");
  EXPECT_EQ(seen(R"({"version":"1","default":"allow","risk":{"Destructive":{"action":"deny"}}})", "x", Category::read).refuses, "");
}

TEST(Applied, ConditionsOnTheGrantAreSettledAndThoseOnArgumentsAreNot) {
  constexpr std::string_view kByLabel =
      R"({"version":"1","default":"allow","tools":{"x":{"deny_if":[{"conditions":[{"path":"grant.label","op":"eq","value":"a"}]}]}}})";
  EXPECT_EQ(seen(kByLabel, "x").refuses, "/tools/x/deny_if/grant.label-eq");
  EXPECT_TRUE(seen(kByLabel, "x", {}, "b").refuses.empty());
  EXPECT_TRUE(seen(kByLabel, "x", {}, "b").settled);
  const Seen by_args = seen(
      R"({"version":"1","default":"allow","tools":{"x":{"deny_if":[{"conditions":[{"path":"args.n","op":"gt","value":1}]}],
          "approve_if":[{"conditions":[]}]}}})", "x");
  EXPECT_EQ(by_args.refuses, "");
  EXPECT_EQ(by_args.asks, "/tools/x/approve_if/0");
  EXPECT_EQ(by_args.open, 1u);
  EXPECT_FALSE(by_args.settled);
}

TEST(Applied, AnIdentityIsSettledForATokenAlone) {
  constexpr std::string_view kPolicy =
      R"({"version":"1","default":"allow","tools":{"x":{"require":[{"conditions":[{"path":"identity.team","op":"eq","value":"ops"}]}]}}})";
  EXPECT_EQ(seen(kPolicy, "x").refuses, "/tools/x/require/identity.team-eq");
  EXPECT_EQ(seen(kPolicy, "x", {}, "a", false).open, 1u);
  EXPECT_EQ(seen(kPolicy, "x", {}, "a", false).refuses, "");
}

TEST(Applied, AmountsAreNotSettled) {
  const Seen spend = seen(
      R"({"version":"1","default":"deny","tools":{"x":{"limits":[{"counter":"c","window":"day","max":5,"scope":"grant","amount":"args.n"}]}}})", "x");
  EXPECT_FALSE(spend.settled);
  EXPECT_EQ(spend.refuses, "");
}

}  // namespace
}  // namespace doorward::policy
