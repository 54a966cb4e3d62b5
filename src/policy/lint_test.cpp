#include "policy/lint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "policy/test_support.h"

namespace doorward::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> warnings_of(std::string_view text) {
  const auto loaded = load(text);
  if (!loaded) return {"refused: " + to_text(loaded.error().front(), "d")};
  std::vector<std::string> out;
  for (const Finding& finding : loaded->warnings) {
    EXPECT_EQ(finding.severity, Severity::warning);
    EXPECT_GT(finding.line, 0u);
    out.push_back(finding.code + "@" + finding.pointer);
  }
  return out;
}

std::string deny(std::string_view members) {
  return R"({"version":"1","default":"deny",)" + std::string(members) + "}";
}
std::string allow(std::string_view members) {
  return R"({"version":"1","default":"allow",)" + std::string(members) + "}";
}

TEST(Lint, APolicyThatAllowsNoTool) {
  EXPECT_THAT(warnings_of(R"({"version":"1","default":"deny"})"), ElementsAre("allows-nothing@"));
  EXPECT_THAT(warnings_of(deny(R"("tools":{"a":{"action":"deny"}})")), ElementsAre("allows-nothing@"));
  EXPECT_THAT(warnings_of(allow(R"("hide":["*"])")), ElementsAre("allows-nothing@"));
  EXPECT_THAT(warnings_of(allow(R"("all_tools":{"deny_if":[{"conditions":[]}]})")),
              ElementsAre("allows-nothing@"));
  EXPECT_THAT(warnings_of(deny(R"("tools":{"a":{}})")), IsEmpty());
  EXPECT_THAT(warnings_of(R"({"version":"1","default":"allow"})"), IsEmpty());
}

TEST(Lint, T138_RulesThatNeverDecide) {
  EXPECT_THAT(
      warnings_of(allow(
          R"("tools":{"a":{"deny_if":[{"conditions":[]},{"conditions":[{"path":"args.x","op":"eq","value":1}]}]}})")),
      ElementsAre("unreachable@/tools/a/deny_if/1"));
  EXPECT_THAT(
      warnings_of(allow(
          R"("tools":{"a":{"require":[{"conditions":[{"path":"args.x","op":"eq","value":1}]}],"deny_if":[{"conditions":[]}]}})")),
      ElementsAre("unreachable@/tools/a/require/0"));
  EXPECT_THAT(
      warnings_of(allow(R"("tools":{"a":{"deny_if":[{"conditions":[{"path":"args.x","op":"eq","value":1}]},
      {"conditions":[{"path":"args.x","op":"eq","value":1}]}]}})")),
      ElementsAre("unreachable@/tools/a/deny_if/1"));
  EXPECT_THAT(warnings_of(allow(R"("hide":["a*"],"tools":{"ab":{}})")), ElementsAre("unreachable@/tools/ab"));
  EXPECT_THAT(warnings_of(allow(R"("hide":["a*","ab"])")), ElementsAre("redundant@/hide/1"));
  EXPECT_THAT(warnings_of(allow(R"("hide":["ab","ab"])")), ElementsAre("redundant@/hide/1"));
}

TEST(Lint, T167_UnanchoredPatternsInRequire) {
  const auto with = [](const char* list, const char* pattern) {
    return allow(R"("tools":{"a":{")" + std::string(list) +
                 R"(":[{"conditions":[{"path":"args.x","op":"regex","value":")" + pattern + R"("}]}]}})");
  };
  EXPECT_THAT(warnings_of(with("require", "[a-z]+")),
              ElementsAre("unanchored-pattern@/tools/a/require/0/conditions/0"));
  EXPECT_THAT(warnings_of(with("require", "^[a-z]+$")), IsEmpty());
  EXPECT_THAT(warnings_of(with("deny_if", "[a-z]+")), IsEmpty());
}

TEST(Lint, T173_RulesOverSqlAndShellText) {
  const auto with = [](const char* path, const char* op, const char* value) {
    return allow(R"("tools":{"a":{"deny_if":[{"conditions":[{"path":")" + std::string(path) + R"(","op":")" +
                 op + R"(","value":)" + value + "}]}]}}");
  };
  EXPECT_THAT(warnings_of(with("args.sql", "regex", R"("(?i)drop")")),
              ElementsAre("content-rule@/tools/a/deny_if/0/conditions/0"));
  EXPECT_THAT(warnings_of(with("args.Command", "starts_with", R"("rm")")),
              ElementsAre("content-rule@/tools/a/deny_if/0/conditions/0"));
  EXPECT_THAT(warnings_of(with("args.query", "exists", "true")), IsEmpty());
  EXPECT_THAT(warnings_of(with("args.path", "starts_with", R"("/etc")")), IsEmpty());
}

TEST(Lint, ARateLimitAloneCanBeEscaped) {
  EXPECT_THAT(warnings_of(allow(R"("tools":{"a":{"rate_limit":{"max":1,"window":60}}})")),
              ElementsAre("session-limit@/tools/a/rate_limit"));
  EXPECT_THAT(
      warnings_of(allow(
          R"("tools":{"a":{"rate_limit":{"max":1,"window":60},"limits":[{"counter":"c","window":"hour","max":9,"scope":"grant"}]}})")),
      IsEmpty());
  EXPECT_THAT(
      warnings_of(allow(
          R"("all_tools":{"limits":[{"counter":"c","window":"hour","max":9,"scope":"grant"}]},"tools":{"a":{"rate_limit":{"max":1,"window":60}}})")),
      IsEmpty());
}

TEST(Lint, WideKeysAdmitUnderDefaultDeny) {
  EXPECT_THAT(warnings_of(deny(R"("tools":{"read_*":{}})")), ElementsAre("admits@/tools/read_*"));
  EXPECT_THAT(warnings_of(deny(R"("risk":{"Read":{}})")), ElementsAre("admits@/risk/Read"));
  EXPECT_THAT(warnings_of(deny(R"("tools":{"read_*":{"action":"allow"}})")), IsEmpty());
  EXPECT_THAT(warnings_of(deny(R"("tools":{"read":{}})")), IsEmpty());
}

}  // namespace
}  // namespace doorward::policy
