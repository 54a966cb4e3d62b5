// Conditions as policy.md section 4 has them, through whole documents: by operator, by block, by what the
// path meets.
#include "policy/condition.h"

#include <gtest/gtest.h>

#include <string>

#include "policy/test_support.h"

namespace doorward::policy {
namespace {

using testing::judged;
using testing::one_condition;
using testing::truth_of;

struct Row {
  const char* op;
  const char* value;
  const char* args;
  const char* want;  // the truth, alike in every block
};

class Truths : public ::testing::TestWithParam<Row> {};

TEST_P(Truths, AlikeInEveryBlock) {
  const Row& row = GetParam();
  for (const char* list : {"deny_if", "require", "approve_if"}) {
    EXPECT_EQ(truth_of(list, "args.a", row.op, row.value, row.args), row.want)
        << list << ": args.a " << row.op << " " << row.value << " on " << row.args;
  }
}

// T157, T159: a wrong type is an error in every block, so it cannot dodge a deny either.
INSTANTIATE_TEST_SUITE_P(
    T157_T159, Truths,
    ::testing::Values(
        Row{"gt", "10000", R"({"a":"10001"})", "error"}, Row{"gt", "10000", R"({"a":true})", "error"},
        Row{"gt", "10000", R"({"a":[10001]})", "error"},
        Row{"gt", "10000", R"({"a":{"value":10001}})", "error"}, Row{"eq", "1", R"({"a":"1"})", "error"},
        Row{"eq", "\"1\"", R"({"a":1})", "error"}, Row{"neq", "1", R"({"a":"1"})", "error"},
        Row{"eq", "true", R"({"a":"true"})", "error"}, Row{"in", "[1,\"x\"]", R"({"a":true})", "error"},
        Row{"in", "[1,\"x\"]", R"({"a":"y"})", "false"}, Row{"not_in", "[1]", R"({"a":"1"})", "error"},
        Row{"eq", "[1]", R"({"a":1})", "error"}, Row{"regex", "\"1\"", R"({"a":1})", "error"},
        Row{"contains", "\"x\"", R"({"a":1})", "error"}, Row{"contains", "1", R"({"a":"1"})", "error"},
        Row{"contains", "1", R"({"a":{"b":1}})", "error"},
        Row{"starts_with", "\"x\"", R"({"a":["x"]})", "error"},
        Row{"ends_with", "\"x\"", R"({"a":1})", "error"}, Row{"path_under", "[\"/\"]", R"({"a":1})", "error"},
        Row{"url_host", "[\"h\"]", R"({"a":[]})", "error"},
        Row{"email_domain", "[\"h\"]", R"({"a":1})", "error"},
        Row{"cidr", "[\"::/0\"]", R"({"a":1})", "error"}, Row{"length", "{\"lt\":3}", R"({"a":12})", "error"},
        Row{"length", "{\"lt\":3}", R"({"a":{}})", "error"}));

// T158: neither an empty string nor an empty object is missing.
INSTANTIATE_TEST_SUITE_P(
    T158, Truths,
    ::testing::Values(
        Row{"exists", "true", R"({"a":""})", "true"}, Row{"exists", "true", R"({"a":{}})", "true"},
        Row{"exists", "true", R"({"a":[]})", "true"}, Row{"exists", "true", R"({"a":false})", "true"},
        Row{"exists", "true", R"({"a":0})", "true"}, Row{"exists", "true", R"({"a":null})", "false"},
        Row{"exists", "true", "{}", "false"}, Row{"exists", "false", "{}", "true"},
        Row{"exists", "false", R"({"a":null})", "true"}, Row{"exists", "false", R"({"a":0})", "false"},
        Row{"eq", "\"\"", R"({"a":""})", "true"}, Row{"eq", "{}", R"({"a":{}})", "true"},
        Row{"eq", "1", "{}", "false"}, Row{"lt", "1", R"({"a":null})", "false"}, Row{"gte", "1", "", "false"},
        Row{"in", "[1]", "{}", "false"}, Row{"regex", "\"\"", "{}", "false"},
        Row{"contains", "1", "{}", "false"}, Row{"starts_with", "\"\"", "{}", "false"},
        Row{"path_under", "[\"/\"]", "{}", "false"}, Row{"url_host", "[\"h\"]", "{}", "false"},
        Row{"email_domain", "[\"h\"]", "{}", "false"}, Row{"cidr", "[\"::/0\"]", "{}", "false"},
        Row{"length", "{\"gte\":0}", "{}", "false"}));

// T166: strings byte for byte.
INSTANTIATE_TEST_SUITE_P(T166, Truths,
                         ::testing::Values(Row{"eq", "\"abc\"", R"({"a":"ABC"})", "false"},
                                           Row{"eq", "\"abc\"", R"({"a":"abc "})", "false"},
                                           Row{"eq", "\"abc\"", R"({"a":"a\u0062c"})", "true"},
                                           Row{"eq", "\"a\\tb\"", R"({"a":"a b"})", "false"},
                                           Row{"eq", "\"\\u00e9\"", R"({"a":"e\u0301"})", "false"},
                                           Row{"eq", "\"\\u00e9\"", R"({"a":"é"})", "true"},
                                           Row{"eq", "\"a\"", R"({"a":"a\u0000"})", "false"},
                                           Row{"contains", "\"b\\u0000c\"", R"({"a":"ab\u0000cd"})", "true"},
                                           Row{"starts_with", "\"ab\"", R"({"a":"abc"})", "true"},
                                           Row{"starts_with", "[\"x\",\"ab\"]", R"({"a":"abc"})", "true"},
                                           Row{"starts_with", "\"AB\"", R"({"a":"abc"})", "false"},
                                           Row{"ends_with", "\"bc\"", R"({"a":"abc"})", "true"},
                                           Row{"ends_with", "[\"x\",\"y\"]", R"({"a":"abc"})", "false"},
                                           Row{"length", "{\"eq\":2}", R"({"a":"é😀"})", "true"},
                                           Row{"length", "{\"gte\":1,\"lt\":3}", R"({"a":[1,2]})", "true"},
                                           Row{"length", "{\"gt\":2}", R"({"a":[1,2]})", "false"},
                                           Row{"length", "{\"lte\":0}", R"({"a":""})", "true"}));

// T174, T020: exact decimals.
INSTANTIATE_TEST_SUITE_P(
    T174, Truths,
    ::testing::Values(Row{"lte", "10000", R"({"a":10000.0000000000000001})", "false"},
                      Row{"gt", "10000", R"({"a":10000.0000000000000001})", "true"},
                      Row{"eq", "10000", R"({"a":1e4})", "true"},
                      Row{"eq", "10000", R"({"a":10000.0})", "true"},
                      Row{"eq", "10000", R"({"a":1E+4})", "true"}, Row{"eq", "0", R"({"a":-0})", "true"},
                      Row{"lt", "0", R"({"a":-0})", "false"},
                      Row{"eq", "9007199254740992", R"({"a":9007199254740993})", "false"},
                      Row{"gt", "9007199254740992", R"({"a":9007199254740993})", "true"},
                      Row{"lt", "9007199254740992", R"({"a":9007199254740991})", "true"},
                      Row{"in", "[1.50]", R"({"a":15e-1})", "true"},
                      Row{"eq", "{\"x\":[1,2]}", R"({"a":{"x":[1.0,2e0]}})", "true"},
                      Row{"gte", "-1e399", R"({"a":-1e399})", "true"},
                      Row{"lt", "1e-400", R"({"a":0})", "true"}));

// contains, in, objects whatever the order of members.
INSTANTIATE_TEST_SUITE_P(
    Values, Truths,
    ::testing::Values(Row{"contains", "\"bc\"", R"({"a":"abcd"})", "true"},
                      Row{"contains", "\"\"", R"({"a":""})", "true"},
                      Row{"contains", "2", R"({"a":[1,2.0,"x"]})", "true"},
                      Row{"contains", "\"2\"", R"({"a":[1,2]})", "false"},
                      Row{"contains", "{\"p\":1,\"q\":2}", R"({"a":[{"q":2,"p":1}]})", "true"},
                      Row{"contains", "[1]", R"({"a":[[1]]})", "true"},
                      Row{"contains", "1", R"({"a":[]})", "false"},
                      Row{"in", "[\"a\",\"b\"]", R"({"a":"b"})", "true"},
                      Row{"not_in", "[\"a\",\"b\"]", R"({"a":"c"})", "true"},
                      Row{"eq", "{\"p\":1,\"q\":2}", R"({"a":{"q":2,"p":1}})", "true"},
                      Row{"neq", "{\"p\":1}", R"({"a":{"p":1,"q":2}})", "true"},
                      Row{"regex", "\"^a.c$\"", R"({"a":"abc"})", "true"},
                      Row{"path_under", "[\"/srv\"]", R"({"a":"/srv/x"})", "true"},
                      Row{"path_under", "[\"/srv\"]", R"({"a":"../x"})", "error"},
                      Row{"url_host", "[\"h.test\"]", R"({"a":"https://h.test/"})", "true"},
                      Row{"url_host", "[\"h.test\"]", R"({"a":"h.test"})", "error"},
                      Row{"email_domain", "[\"h.test\"]", R"({"a":"a@h.test"})", "true"},
                      Row{"cidr", "[\"10.0.0.0/8\"]", R"({"a":"10.1.1.1"})", "true"},
                      Row{"cidr", "[\"10.0.0.0/8\"]", R"({"a":"10.1.1"})", "error"}));

TEST(Condition, T158_MissingUnderNegationDependsOnTheBlock) {
  for (const char* op : {"neq", "not_in"}) {
    const char* value = std::string(op) == "neq" ? "1" : "[1]";
    for (const char* args : {"{}", R"({"a":null})", ""}) {
      EXPECT_EQ(truth_of("deny_if", "args.a", op, value, args), "true") << op << args;
      EXPECT_EQ(truth_of("approve_if", "args.a", op, value, args), "true") << op << args;
      EXPECT_EQ(truth_of("require", "args.a", op, value, args), "false") << op << args;
    }
  }
}

TEST(Condition, T160_KeysWithSpecialCharacters) {
  const std::string args = R"({"a.b":1,"a":{"b":2},"x~y":3,"x/y":4,"[0]":5,"q\"q":6,"":7})";
  EXPECT_EQ(truth_of("require", R"(args["a.b"])", "eq", "1", args), "true");
  EXPECT_EQ(truth_of("require", "args.a.b", "eq", "2", args), "true");
  EXPECT_EQ(truth_of("require", "args.x~y", "eq", "3", args), "true");
  EXPECT_EQ(truth_of("require", "args.x/y", "eq", "4", args), "true");
  EXPECT_EQ(truth_of("require", R"(args["[0]"])", "eq", "5", args), "true");
  EXPECT_EQ(truth_of("require", R"(args["q\"q"])", "eq", "6", args), "true");
  EXPECT_EQ(truth_of("require", R"(args[""])", "eq", "7", args), "true");
}

TEST(Condition, T161_IndexesAndMembersOfTheWrongKind) {
  EXPECT_EQ(truth_of("deny_if", "args.a[0]", "eq", "1", R"({"a":{"0":1}})"), "error");
  EXPECT_EQ(truth_of("deny_if", "args.a.b", "eq", "1", R"({"a":[1]})"), "error");
  EXPECT_EQ(truth_of("deny_if", "args.a.b", "exists", "false", R"({"a":"x"})"), "error");
  EXPECT_EQ(truth_of("deny_if", "args[0]", "eq", "1", R"({"a":1})"), "error");
  EXPECT_EQ(truth_of("deny_if", "args.a[1]", "eq", "1", R"({"a":[1]})"), "false");
  EXPECT_EQ(truth_of("deny_if", "args.a[1]", "exists", "false", R"({"a":[1]})"), "true");
  EXPECT_EQ(truth_of("deny_if", "args.a[4294967295]", "exists", "false", R"({"a":[1]})"), "true");
  EXPECT_EQ(truth_of("deny_if", "args.a.b.c", "exists", "false", R"({"a":null})"), "true");
  EXPECT_EQ(truth_of("deny_if", "args.a[*]", "eq", "1", R"({"a":{"b":1}})"), "error");
}

TEST(Condition, T162_Quantifiers) {
  const std::string one_bad = R"({"to":["a@ok.test","a@ok.test","x@evil.test"]})";
  EXPECT_EQ(truth_of("deny_if", "args.to[*]", "ends_with", "\"@evil.test\"", one_bad), "true");
  EXPECT_EQ(truth_of("require", "args.to[*]", "email_domain", "[\"ok.test\"]", one_bad), "false");
  EXPECT_EQ(truth_of("require", "args.to[*]", "email_domain", "[\"ok.test\"]", R"({"to":["a@ok.test"]})"),
            "true");
  EXPECT_EQ(
      truth_of("require", "args.to[*]", "email_domain", "[\"ok.test\"]", R"({"to":["a@ok.test","junk"]})"),
      "error");
  EXPECT_EQ(
      truth_of("deny_if", "args.to[*]", "email_domain", "[\"ok.test\"]", R"({"to":["a@ok.test","junk"]})"),
      "error");
  // An empty array yields nothing, and fails in require.
  EXPECT_EQ(truth_of("deny_if", "args.to[*]", "exists", "false", R"({"to":[]})"), "false");
  EXPECT_EQ(truth_of("deny_if", "args.to[*]", "neq", "1", R"({"to":[]})"), "false");
  EXPECT_EQ(truth_of("require", "args.to[*]", "exists", "false", R"({"to":[]})"), "false");
  EXPECT_EQ(truth_of("require", "args.g[*].to[*]", "eq", "1", R"({"g":[{"to":[1]},{"to":[]}]})"), "false");
  EXPECT_EQ(truth_of("require", "args.g[*].to[*]", "eq", "1", R"({"g":[{"to":[1]},{"to":[1,1]}]})"), "true");
  EXPECT_EQ(truth_of("deny_if", "args.g[*].to[*]", "eq", "1", R"({"g":[{"to":[]},{"to":[2,1]}]})"), "true");
  // An absent or null array, an absent rest and a null element are one missing value each.
  EXPECT_EQ(truth_of("deny_if", "args.to[*]", "exists", "false", "{}"), "true");
  EXPECT_EQ(truth_of("require", "args.to[*]", "exists", "true", R"({"to":null})"), "false");
  EXPECT_EQ(truth_of("require", "args.to[*].x", "eq", "1", R"({"to":[{"x":1},{}]})"), "false");
  EXPECT_EQ(truth_of("deny_if", "args.to[*].x", "neq", "1", R"({"to":[{"x":1},{}]})"), "true");
  EXPECT_EQ(truth_of("deny_if", "args.to[*]", "exists", "false", R"({"to":[1,null]})"), "true");
  EXPECT_EQ(truth_of("deny_if", "args.to[*].x", "eq", "1", R"({"to":[{"x":1},7]})"), "error");
  EXPECT_EQ(truth_of("deny_if", "args.to[*][*]", "eq", "3", R"({"to":[[1,2],[3]]})"), "true");
}

TEST(Condition, T162_TenThousandItems) {
  std::string args = "{\"to\":[0";
  for (int i = 1; i < 10'000; ++i) args += "," + std::to_string(i);
  args += "]}";
  EXPECT_EQ(truth_of("require", "args.to[*]", "lt", "10000", args), "true");
  EXPECT_EQ(truth_of("require", "args.to[*]", "lt", "9999", args), "false");
}

TEST(Condition, ConditionsOfAnEntryQuantifyEachByItself) {
  const char* document = R"({"version":"1","default":"deny","tools":{"t":{"deny_if":[{"conditions":[
      {"path":"args.i[*].a","op":"eq","value":1},{"path":"args.i[*].b","op":"eq","value":2}]}]}}})";
  EXPECT_EQ(judged(document, "t", R"({"i":[{"a":1,"b":0},{"a":0,"b":2}]})"),
            "deny /tools/t/deny_if/args.i[*].a-eq @ /tools/t/deny_if/0/conditions/0");
  EXPECT_EQ(judged(document, "t", R"({"i":[{"a":1,"b":0}]})"), "allow");
}

TEST(Condition, T164_PresenceCanBeRequired) {
  const std::string document = one_condition("require", "args.force", "eq", "false");
  EXPECT_EQ(judged(document, "t", "{}"),
            "deny /tools/t/require/args.force-eq @ /tools/t/require/0/conditions/0");
  EXPECT_EQ(judged(document, "t", R"({"force":true})"),
            "deny /tools/t/require/args.force-eq @ /tools/t/require/0/conditions/0");
  EXPECT_EQ(judged(document, "t", R"({"force":false})"), "allow");
}

TEST(Condition, T167_RegexSemanticsInDocuments) {
  EXPECT_EQ(truth_of("require", "args.a", "regex", R"("^[a-z]+$")", R"({"a":"abc\n"})"), "false");
  EXPECT_EQ(truth_of("deny_if", "args.a", "regex", R"("evil")", R"({"a":"x evil y"})"), "true");
  EXPECT_EQ(truth_of("require", "args.a", "regex", R"("^ok$")", R"({"a":"bad\nok"})"), "false");
}

TEST(Condition, OtherRoots) {
  const auto verdict = [](const char* path, const char* op, const char* value) {
    const auto policy = testing::load_or_fail(one_condition("require", path, op, value));
    testing::CallUnderTest under_test("t");
    under_test.call.category = Category::financial;
    under_test.call.server = "stripe";
    under_test.call.now_us = 1'767'225'600'000'000;  // 2026-01-01T00:00:00Z, a Thursday
    under_test.subject.label = "support";
    under_test.subject.labels = {{"a.b", "x"}, {"team", "red"}};
    under_test.identity(R"({"sub":"u1","org":{"id":7}})");
    return testing::judged(*policy, under_test.call).substr(0, 5);
  };
  EXPECT_EQ(verdict("tool.name", "eq", "\"t\""), "allow");
  EXPECT_EQ(verdict("tool.category", "eq", "\"Financial\""), "allow");
  EXPECT_EQ(verdict("tool.server", "eq", "\"stripe\""), "allow");
  EXPECT_EQ(verdict("grant.label", "eq", "\"support\""), "allow");
  EXPECT_EQ(verdict("grant.labels.team", "eq", "\"red\""), "allow");
  EXPECT_EQ(verdict("grant.labels[\"a.b\"]", "eq", "\"x\""), "allow");
  EXPECT_EQ(verdict("grant.labels.none", "exists", "false"), "allow");
  EXPECT_EQ(verdict("identity.sub", "eq", "\"u1\""), "allow");
  EXPECT_EQ(verdict("identity.org.id", "eq", "7"), "allow");
  EXPECT_EQ(verdict("identity.none", "exists", "false"), "allow");
  EXPECT_EQ(verdict("identity.sub.x", "exists", "false"), "deny ");
  EXPECT_EQ(verdict("time.hour", "eq", "0"), "allow");
  EXPECT_EQ(verdict("time.hour", "lt", "1"), "allow");
  EXPECT_EQ(verdict("time.weekday", "eq", "\"thu\""), "allow");
  EXPECT_EQ(verdict("time.weekday", "in", "[\"sat\",\"sun\"]"), "deny ");
}

TEST(Condition, RootsWithNothingBehindThemAreMissing) {
  for (const char* path :
       {"identity.sub", "grant.label", "grant.labels.x", "tool.category", "tool.server", "args.x"}) {
    const auto policy = testing::load_or_fail(one_condition("require", path, "exists", "false"));
    testing::CallUnderTest under_test("t", "");
    under_test.call.subject = nullptr;
    EXPECT_EQ(testing::judged(*policy, under_test.call), "allow") << path;
  }
}

TEST(Condition, TimeIsThatOfThePolicysZone) {
  const auto policy = testing::load_or_fail(
      R"({"version":"1","default":"deny","timezone":"Asia/Tokyo","tools":{"t":{"require":[
      {"conditions":[{"path":"time.hour","op":"eq","value":9},{"path":"time.weekday","op":"eq","value":"thu"}]}]}}})");
  ASSERT_NE(policy, nullptr);
  testing::CallUnderTest under_test("t");
  under_test.call.now_us = 1'767'225'600'000'000;
  EXPECT_EQ(testing::judged(*policy, under_test.call), "allow");
}

}  // namespace
}  // namespace doorward::policy
