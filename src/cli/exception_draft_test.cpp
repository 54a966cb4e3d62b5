#include "cli/exception_draft.h"

#include <gtest/gtest.h>

#include "policy/test_support.h"

namespace doorward::cli {
namespace {

std::string drafted(std::string_view document, const Refusal& refusal, std::string_view limit = {}) {
  const auto text = draft_exception(document, refusal, limit);
  if (!text) return "no: " + text.error();
  EXPECT_NE(testing::load_or_fail(*text), nullptr);
  return *text;
}

TEST(ExceptionDraft, NamesAToolThatNothingPermits) {
  const std::string_view document = "{\"version\":\"1\",\"default\":\"deny\",\n \"tools\": {\n  \"a\": {}\n }}";
  EXPECT_EQ(drafted(document, {"b", "(default deny)", "/default", ""}),
            "{\"version\":\"1\",\"default\":\"deny\",\n \"tools\": {\n  \"a\": {},\n  \"b\": {}\n }}");
  EXPECT_EQ(drafted(R"({"version":"1","default":"deny"})", {"b", "(default deny)", "/default", ""}, *limit_members("5/hour")),
            R"({"version":"1","default":"deny", "tools": {"b": {"limits": [{"counter": "b", "window": "hour", "max": 5, "scope": "grant"}]}}})");
}

TEST(ExceptionDraft, ShowsWhatWasHiddenByName) {
  EXPECT_EQ(drafted(R"({"version":"1","default":"deny","hide":["a","b"],"tools":{}})", {"b", "(hidden)", "/hide/1", ""}),
            R"({"version":"1","default":"deny","hide":["a"],"tools":{"b": {}}})");
  EXPECT_TRUE(drafted(R"({"version":"1","default":"deny","hide":["b*"]})", {"b", "(hidden)", "/hide/0", ""}).starts_with("no: a pattern"));
}

TEST(ExceptionDraft, TakesBackADenyOfItsOwnAndMovesItsBound) {
  EXPECT_EQ(drafted(R"({"version":"1","default":"allow","tools":{"b":{"action":"deny","reason":"x"}}})", {"b", "/tools/b/action", "/tools/b/action", ""}),
            R"({"version":"1","default":"allow","tools":{"b":{}}})");
  const std::string_view by_amount =
      R"({"version":"1","default":"allow","tools":{"b":{"deny_if":[{"conditions":[{"path":"args.n","op":"gt","value":10}]}]}}})";
  const Refusal refusal{"b", "/tools/b/deny_if/args.n-gt", "/tools/b/deny_if/0/conditions/0", "12"};
  EXPECT_EQ(drafted(by_amount, refusal),
            R"({"version":"1","default":"allow","tools":{"b":{"deny_if":[{"conditions":[{"path":"args.n","op":"gt","value":12}]}]}}})");
  EXPECT_TRUE(drafted(by_amount, {refusal.tool, refusal.rule, refusal.pointer, ""}).starts_with("no: the rule looks at arguments"));
}

TEST(ExceptionDraft, WidensALimitOnlyAsFarAsItIsTold) {
  const std::string_view document =
      R"({"version":"1","default":"allow","tools":{"b":{"limits":[{"counter":"c","window":"hour","max":2,"scope":"grant"}]}}})";
  const Refusal refusal{"b", "/tools/b/limits/c", "/tools/b/limits/0", ""};
  EXPECT_TRUE(drafted(document, refusal).starts_with("no: a limit had no room"));
  EXPECT_EQ(drafted(document, refusal, *limit_members("20/hour")),
            R"({"version":"1","default":"allow","tools":{"b":{"limits":[{"counter":"c","window":"hour","max":20,"scope":"grant"}]}}})");
  EXPECT_TRUE(drafted(document, refusal, *limit_members("20/day")).starts_with("no: that limit counts in a hour"));
  EXPECT_FALSE(limit_members("20"));
  EXPECT_FALSE(limit_members("x/hour"));
}

TEST(ExceptionDraft, ChangesNoRuleThatStandsForOthers) {
  EXPECT_TRUE(drafted(R"({"version":"1","default":"allow","risk":{"Destructive":{"action":"deny","reason":"x"}}})",
                      {"b", "/risk/Destructive/action", "/risk/Destructive/action", ""})
                  .starts_with("no: the rule /risk/Destructive/action stands for more tools"));
}

}  // namespace
}  // namespace doorward::cli
