// What `load` refuses and how it says so: every finding, with place, pointer and suggestion.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "policy/policy.h"
#include "policy/test_support.h"

namespace doorward::policy {
namespace {

/// `code@pointer` of every error.
std::vector<std::string> errors_of(std::string_view text) {
  std::vector<std::string> out;
  const auto loaded = load(text);
  if (loaded) return {"accepted"};
  for (const Finding& finding : loaded.error()) {
    if (finding.severity == Severity::error) out.push_back(finding.code + "@" + finding.pointer);
  }
  return out;
}

std::string with(std::string_view members) {
  return R"({"version":"1","default":"allow",)" + std::string(members) + "}";
}
std::string tool(std::string_view members) {
  return with(R"("tools":{"t":{)" + std::string(members) + "}}");
}
std::string condition(std::string_view op, std::string_view value, std::string_view path = "args.a") {
  return testing::one_condition("deny_if", path, op, value);
}

TEST(Document, T141_IncompleteDocumentsAreRefused) {
  EXPECT_THAT(errors_of(""), ::testing::ElementsAre("not-json@"));
  EXPECT_THAT(errors_of("{}"), ::testing::ElementsAre("missing-field@", "missing-field@"));
  EXPECT_THAT(errors_of(R"({"version":"1"})"), ::testing::ElementsAre("missing-field@"));
  EXPECT_THAT(errors_of(R"({"default":"deny"})"), ::testing::ElementsAre("missing-field@"));
  EXPECT_THAT(errors_of("[]"), ::testing::ElementsAre("wrong-type@"));
  EXPECT_THAT(errors_of("null"), ::testing::ElementsAre("wrong-type@"));
}

TEST(Document, TheSmallestAreAccepted) {
  for (const char* text : {R"({"version":"1","default":"deny"})", R"({"version":"1","default":"allow"})",
                           R"({"version":"1","default":"deny","hide":["api_key_delete"]})"}) {
    EXPECT_TRUE(load(text).has_value()) << text;
  }
}

TEST(Document, T007_DuplicateMembersAreRefusedWithTheirPointer) {
  const auto loaded =
      load("{\"version\":\"1\",\n \"default\":\"deny\",\n \"tools\":{\"a\":{},\"\\u0061\":{}}}");
  ASSERT_FALSE(loaded.has_value());
  ASSERT_EQ(loaded.error().size(), 1u);
  const Finding& finding = loaded.error().front();
  EXPECT_EQ(finding.code, "duplicate-member");
  EXPECT_EQ(finding.pointer, "/tools/a");
  EXPECT_EQ(finding.line, 3u);
  EXPECT_EQ(finding.column, 18u);
}

TEST(Document, ReportsEveryErrorInTheOrderOfTheText) {
  EXPECT_THAT(
      errors_of(
          R"({"vesion":"1","default":"maybe","tools":{"t":{"deny_fi":[],"limits":[{"max":-1}]}},"mode":7})"),
      ::testing::ElementsAre("missing-field@", "unknown-field@/vesion", "unknown-word@/default",
                             "unknown-field@/tools/t/deny_fi", "missing-field@/tools/t/limits/0",
                             "missing-field@/tools/t/limits/0", "missing-field@/tools/t/limits/0",
                             "out-of-range@/tools/t/limits/0/max", "wrong-type@/mode"));
}

TEST(Document, SuggestsAndPlacesAnUnknownField) {
  const auto loaded = load("{\"version\":\"1\",\"default\":\"deny\",\n  \"tools\":{\"t\":{\"deny_fi\":[]}}}");
  ASSERT_FALSE(loaded.has_value());
  const Finding& finding = loaded.error().front();
  EXPECT_EQ(finding.suggestion, "deny_if");
  EXPECT_EQ(finding.fix, "\"deny_if\"");
  EXPECT_EQ(finding.line, 2u);
  EXPECT_EQ(finding.column, 17u);
  EXPECT_EQ(finding.end - finding.begin, std::string_view("\"deny_fi\"").size());
  EXPECT_EQ(to_text(finding, "p.json"),
            "p.json:2:17: error: unknown field \"deny_fi\"; did you mean \"deny_if\"? [unknown-field] at "
            "/tools/t/deny_fi");
}

TEST(Document, RefusesWrongHeads) {
  EXPECT_THAT(errors_of(R"({"version":1,"default":"deny"})"), ::testing::ElementsAre("wrong-type@/version"));
  EXPECT_THAT(errors_of(R"({"version":"2","default":"deny"})"),
              ::testing::ElementsAre("unknown-version@/version"));
  EXPECT_THAT(errors_of(with(R"("timezone":"Europe/Atlantis")")),
              ::testing::ElementsAre("unknown-timezone@/timezone"));
  EXPECT_THAT(errors_of(with(R"("detail":"some")")), ::testing::ElementsAre("unknown-word@/detail"));
  EXPECT_THAT(errors_of(with(R"("hide":"x")")), ::testing::ElementsAre("wrong-type@/hide"));
  EXPECT_THAT(errors_of(with(R"("hide":["a",1])")), ::testing::ElementsAre("wrong-type@/hide/1"));
  EXPECT_THAT(errors_of(with(R"("risk":{"Reed":{}})")), ::testing::ElementsAre("unknown-field@/risk/Reed"));
  EXPECT_THAT(errors_of(with(R"("risk":{"read":{}})")), ::testing::ElementsAre("unknown-field@/risk/read"));
}

TEST(Document, ActionsStandWhereTheyMay) {
  EXPECT_THAT(errors_of(with(R"("all_tools":{"action":"deny"})")),
              ::testing::ElementsAre("unknown-field@/all_tools/action"));
  EXPECT_THAT(errors_of(tool(R"("action":"deny","reason":"No.")")), ::testing::ElementsAre("accepted"));
  EXPECT_THAT(errors_of(tool(R"("action":"deny","deny_if":[])")),
              ::testing::ElementsAre("misplaced-field@/tools/t/deny_if"));
  EXPECT_THAT(errors_of(tool(R"("action":"hide","reason":"x")")),
              ::testing::ElementsAre("misplaced-field@/tools/t/reason"));
  EXPECT_THAT(errors_of(tool(R"("action":"allow","limits":[])")), ::testing::ElementsAre("accepted"));
  EXPECT_THAT(
      errors_of(tool(R"("action":"approve","approvers":["ops"],"expires":"10m","on_pending":"Wait.")")),
      ::testing::ElementsAre("accepted"));
  EXPECT_THAT(errors_of(tool(R"("approvers":["ops"])")),
              ::testing::ElementsAre("misplaced-field@/tools/t/approvers"));
  EXPECT_THAT(errors_of(tool(R"("action":"ask")")), ::testing::ElementsAre("unknown-word@/tools/t/action"));
  EXPECT_THAT(errors_of(tool(R"("action":"approve","expires":"10")")),
              ::testing::ElementsAre("bad-duration@/tools/t/expires"));
}

TEST(Document, EntriesNeedConditions) {
  EXPECT_THAT(errors_of(tool(R"("deny_if":[{}])")),
              ::testing::ElementsAre("missing-field@/tools/t/deny_if/0"));
  EXPECT_THAT(errors_of(tool(R"("deny_if":[{"conditions":[]}])")), ::testing::ElementsAre("accepted"));
  EXPECT_THAT(errors_of(tool(R"("require":[{"conditions":{}}])")),
              ::testing::ElementsAre("wrong-type@/tools/t/require/0/conditions"));
  EXPECT_THAT(errors_of(tool(R"("approve_if":[{"conditions":[],"approvers":[]}])")),
              ::testing::ElementsAre("empty-list@/tools/t/approve_if/0/approvers"));
  EXPECT_THAT(errors_of(tool(R"("approve_if":[{"conditions":[],"on_deny":"x"}])")),
              ::testing::ElementsAre("unknown-field@/tools/t/approve_if/0/on_deny"));
  const std::string long_text(501, 'x');
  EXPECT_THAT(errors_of(tool(R"("deny_if":[{"conditions":[],"on_deny":")" + long_text + R"("}])")),
              ::testing::ElementsAre("too-long@/tools/t/deny_if/0/on_deny"));
  std::string umlauts;
  for (int i = 0; i < 500; ++i) umlauts += "\xC3\xA4";
  EXPECT_THAT(errors_of(tool(R"("deny_if":[{"conditions":[],"on_deny":")" + umlauts + R"("}])")),
              ::testing::ElementsAre("accepted"));
}

TEST(Document, T142_EmptyListsInConditionsAreRefused) {
  for (const char* op :
       {"in", "not_in", "starts_with", "path_under", "url_host", "email_domain", "cidr", "eq", "contains"}) {
    EXPECT_THAT(errors_of(condition(op, "[]")),
                ::testing::ElementsAre("empty-list@/tools/t/deny_if/0/conditions/0/value"))
        << op;
  }
}

TEST(Document, RefusesValuesThatAnOperatorCannotHave) {
  const auto value = "@/tools/t/deny_if/0/conditions/0/value";
  const std::vector<std::tuple<const char*, const char*, std::string>> rows = {
      {"eq", "null", std::string("null-value") + value},
      {"eq", "{\"a\":null}", std::string("null-value") + value},
      {"in", "[1,null]", std::string("null-value") + value},
      {"in", "1", std::string("wrong-type") + value},
      {"lt", "\"1\"", std::string("wrong-type") + value},
      {"exists", "\"true\"", std::string("wrong-type") + value},
      {"regex", "1", std::string("wrong-type") + value},
      {"regex", "\"(\"", std::string("bad-pattern") + value},
      {"regex", "\"(?m)a\"", std::string("bad-pattern") + value},
      {"starts_with", "1", std::string("wrong-type") + value},
      {"ends_with", "[1]", std::string("wrong-type") + value + "/0"},
      {"path_under", "\"/a\"", std::string("wrong-type") + value},
      {"path_under", "[\"a\"]", std::string("bad-operand") + value + "/0"},
      {"url_host", "[\"https://h\"]", std::string("bad-operand") + value + "/0"},
      {"email_domain", "[\"a@b\"]", std::string("bad-operand") + value + "/0"},
      {"cidr", "[\"10.0.0.1/8\"]", std::string("bad-operand") + value + "/0"},
      {"length", "3", std::string("wrong-type") + value},
      {"length", "{}", std::string("empty-object") + value},
      {"length", "{\"neq\":1}", std::string("unknown-field") + value + "/neq"},
      {"length", "{\"lt\":1.5}", std::string("out-of-range") + value + "/lt"},
  };
  for (const auto& [op, given, want] : rows)
    EXPECT_THAT(errors_of(condition(op, given)), ::testing::ElementsAre(want)) << op << given;
  EXPECT_THAT(errors_of(condition("equals", "1")),
              ::testing::ElementsAre("unknown-word@/tools/t/deny_if/0/conditions/0/op"));
  EXPECT_THAT(errors_of(condition("eq", "1", "arg.a")),
              ::testing::ElementsAre("bad-path@/tools/t/deny_if/0/conditions/0/path"));
  EXPECT_THAT(errors_of(condition("lt", "1e400")),
              ::testing::ElementsAre("number-range@/tools/t/deny_if/0/conditions/0/value"));
}

std::string limit(std::string_view members) {
  return tool(R"("limits":[{"counter":"c","scope":"grant",)" + std::string(members) + "}]");
}

TEST(Document, T299_RefusesLimitsThatCannotCount) {
  EXPECT_THAT(errors_of(limit(R"("window":"minute","max":5)")), ::testing::ElementsAre("accepted"));
  EXPECT_THAT(errors_of(limit(R"("window":60,"max":5.0)")), ::testing::ElementsAre("accepted"));
  EXPECT_THAT(errors_of(limit(R"("window":"day","max":0.5,"amount":"args.a")")),
              ::testing::ElementsAre("accepted"));
  EXPECT_THAT(errors_of(limit(R"("window":"minute","max":0.5)")),
              ::testing::ElementsAre("out-of-range@/tools/t/limits/0/max"));
  EXPECT_THAT(errors_of(limit(R"("window":"minute","max":-1)")),
              ::testing::ElementsAre("out-of-range@/tools/t/limits/0/max"));
  EXPECT_THAT(errors_of(limit(R"("window":"minute","max":9223372036854775808)")),
              ::testing::ElementsAre("out-of-range@/tools/t/limits/0/max"));
  EXPECT_THAT(errors_of(limit(R"("window":"day","max":1000000000000.0000001,"amount":"args.a")")),
              ::testing::ElementsAre("out-of-range@/tools/t/limits/0/max"));
  EXPECT_THAT(errors_of(limit(R"("window":"fortnight","max":1)")),
              ::testing::ElementsAre("unknown-word@/tools/t/limits/0/window"));
  EXPECT_THAT(errors_of(limit(R"("window":0,"max":1)")),
              ::testing::ElementsAre("out-of-range@/tools/t/limits/0/window"));
  EXPECT_THAT(errors_of(limit(R"("window":1.5,"max":1)")),
              ::testing::ElementsAre("out-of-range@/tools/t/limits/0/window"));
  EXPECT_THAT(errors_of(limit(R"("window":"day","max":1,"amount":"args.a[*]")")),
              ::testing::ElementsAre("bad-path@/tools/t/limits/0/amount"));
  EXPECT_THAT(errors_of(limit(R"("window":"day","max":1,"amount":"time.hour")")),
              ::testing::ElementsAre("bad-path@/tools/t/limits/0/amount"));
  EXPECT_THAT(errors_of(tool(R"("rate_limit":{"max":10,"window":60})")), ::testing::ElementsAre("accepted"));
  EXPECT_THAT(errors_of(tool(R"("rate_limit":"5/hour")")),
              ::testing::ElementsAre("wrong-type@/tools/t/rate_limit"));
}

TEST(Document, T176_SharedCountersMustAgreeOnTheAmount) {
  const auto pair = [](std::string_view first, std::string_view second) {
    return tool(R"("limits":[{"counter":"c","window":"day","max":5)" + std::string(first) +
                R"(},{"counter":"c","window":"day","max":9)" + std::string(second) + "}]");
  };
  const auto refused = ::testing::ElementsAre("shared-counter@/tools/t/limits/1");
  const auto accepted = ::testing::ElementsAre("accepted");
  EXPECT_THAT(errors_of(pair(R"(,"scope":"grant")", R"(,"scope":"grant")")), accepted);
  EXPECT_THAT(errors_of(pair(R"(,"scope":"grant","amount":"args.a")", R"(,"scope":"grant")")), refused);
  EXPECT_THAT(
      errors_of(pair(R"(,"scope":"grant","amount":"args.a")", R"(,"scope":"grant","amount":"args.b")")),
      refused);
  EXPECT_THAT(
      errors_of(pair(R"(,"scope":"grant","amount":"args.a")", R"(,"scope":"grant","amount":"args[\"a\"]")")),
      accepted);
  EXPECT_THAT(errors_of(pair(R"(,"scope":"grant","amount":"args.a")", R"(,"scope":"server")")), accepted);
  // Without a session the grant holds both counts.
  EXPECT_THAT(errors_of(pair(R"(,"scope":"session","amount":"args.a")", R"(,"scope":"grant")")), refused);
}

TEST(Document, LimitsAreCompiledExactly) {
  const auto policy = testing::load_or_fail(
      tool(R"("limits":[{"counter":"a","window":"hour","max":1.0000019,"scope":"grant","amount":"args.x"},)"
           R"({"counter":"b","window":"month","max":1e3,"scope":"organisation","on_store_error":"local"}],)"
           R"("rate_limit":{"max":10,"window":60})"));
  ASSERT_NE(policy, nullptr);
  const auto limits = policy->limits();
  ASSERT_EQ(limits.size(), 3u);
  EXPECT_EQ(limits[0].max_millionths, 1'000'001);
  EXPECT_EQ(limits[0].window_s, 3'600);
  EXPECT_EQ(limits[0].without_room->rule, "/tools/t/limits/a");
  EXPECT_EQ(limits[0].wrong_amount->rule, "/tools/t/limits/a-type");
  EXPECT_EQ(limits[1].max_millionths, 1'000'000'000);
  EXPECT_EQ(limits[1].window, WindowKind::month);
  EXPECT_EQ(limits[1].scope, Scope::organisation);
  EXPECT_EQ(limits[1].on_store_error, OnStoreError::local);
  EXPECT_TRUE(limits[2].own_counter);
  EXPECT_EQ(limits[2].scope, Scope::session);
  EXPECT_EQ(limits[2].without_room->rule, "/tools/t/rate_limit");
  EXPECT_EQ(limits[2].without_room->pointer, "/tools/t/rate_limit");
}

TEST(Document, KeepsItsTextAndDigest) {
  const std::string text = R"({"version":"1","default":"deny"})";
  const auto loaded = load(text, Origin{"pay", 7, "", {}});
  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->policy->text(), text);
  EXPECT_EQ(loaded->policy->name(), "pay");
  EXPECT_EQ(loaded->policy->version(), 7u);
  EXPECT_EQ(loaded->policy->sha256().size(), 64u);
  EXPECT_EQ(loaded->policy->time_zone_name(), "UTC");
}

TEST(Document, PointersAreEscapedAndRulesAreVerbatim) {
  EXPECT_EQ(testing::judged(with(R"("tools":{"a/b~c":{"deny_if":[{"conditions":[]}]}})"), "a/b~c"),
            "deny /tools/a/b~c/deny_if/0 @ /tools/a~1b~0c/deny_if/0");
}

TEST(Document, OlderDialectIsRecognised) {
  const auto loaded = load(R"({"version":"1","tools":{"t":{"rules":[{"name":"x","rate_limit":"5/hour"}]}}})");
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().front().code, "older-dialect");
}

TEST(Document, TestsInsideMustHold) {
  const auto document = [](std::string_view expect) {
    return R"({"version":"1","default":"deny","timezone":"Europe/Berlin","tools":{"pay":{"deny_if":[{"conditions":[
        {"path":"args.amount","op":"gt","value":10}]}],"require":[{"conditions":[{"path":"time.hour","op":"gte","value":9}]}],
        "limits":[{"counter":"c","window":"day","max":0,"scope":"grant"}]}},
        "tests":[{"name":"too much","tool":"pay","args":{"amount":11},"at":"2026-07-01T10:00:00Z",)" +
           std::string(expect) + "}]}";
  };
  EXPECT_TRUE(load(document(R"("expect":"deny","rule":"/tools/pay/deny_if/args.amount-gt")")).has_value());
  EXPECT_THAT(errors_of(document(R"("expect":"allow")")), ::testing::ElementsAre("test-failed@/tests/0"));
  EXPECT_THAT(errors_of(document(R"-("expect":"deny","rule":"(hidden)")-")),
              ::testing::ElementsAre("test-failed@/tests/0"));
  EXPECT_THAT(errors_of(document(R"("expects":"deny")")),
              ::testing::UnorderedElementsAre("missing-field@/tests/0", "unknown-field@/tests/0/expects"));
}

TEST(Document, TestsOfADraftMayFail) {
  const auto loaded = load(R"({"version":"1","default":"deny","tools":{"a":{}},
      "tests":[{"name":"no","tool":"a","args":{},"expect":"deny"}]})",
                           Origin{.name = "draft", .version = 1, .server = {}, .category_of = {}, .draft = true});
  ASSERT_TRUE(loaded.has_value());
  ASSERT_EQ(loaded->warnings.size(), 1u);
  EXPECT_EQ(loaded->warnings.front().code, "test-failed");
  EXPECT_EQ(loaded->warnings.front().severity, Severity::warning);
}

TEST(Document, TestsUseGrantIdentityCategoryAndTime) {
  const char* document = R"-({"version":"1","default":"deny","risk":{"Read":{"require":[{"conditions":[
      {"path":"grant.label","op":"eq","value":"g"},{"path":"grant.labels.team","op":"eq","value":"red"},
      {"path":"identity.sub","op":"eq","value":"u"},{"path":"time.weekday","op":"eq","value":"wed"}]}]}},"tests":[
      {"name":"all","grant":{"label":"g","labels":{"team":"red"}},"identity":{"sub":"u"},"category":"Read",
       "at":"2026-07-01T12:00:00.5+02:00","tool":"x","args":{},"expect":"allow"},
      {"name":"other","grant":"h","category":"Read","tool":"x","args":{},"expect":"deny","rule":"/risk/Read/require/grant.label-eq"},
      {"name":"uncategorised","tool":"x","args":{},"expect":"deny","rule":"(default deny)"}]
})-";
  EXPECT_THAT(errors_of(document), ::testing::ElementsAre("accepted"));
}

}  // namespace
}  // namespace doorward::policy
