// The order of evaluation, blocks, observe mode, sections, demands.
#include "policy/decide.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "policy/test_support.h"

namespace doorward::policy {
namespace {

using testing::CallUnderTest;
using testing::judged;
using testing::load_or_fail;

std::string with(std::string_view fallback, std::string_view members) {
  return R"({"version":"1","default":")" + std::string(fallback) + "\"," + std::string(members) + "}";
}

std::string judged_as(const std::string& document, const std::string& tool, Category category,
                      const std::string& args = "{}") {
  const auto policy = load_or_fail(document);
  if (policy == nullptr) return "not loaded";
  CallUnderTest under_test(tool, args);
  under_test.call.category = category;
  return judged(*policy, under_test.call);
}

TEST(Decide, DefaultDecidesWhatNothingNames) {
  EXPECT_EQ(judged(with("deny", R"("tools":{"a":{}})"), "a"), "allow");
  EXPECT_EQ(judged(with("deny", R"("tools":{"a":{}})"), "b"), "deny (default deny) @ /default");
  EXPECT_EQ(judged(with("allow", R"("tools":{"a":{}})"), "b"), "allow");
  EXPECT_EQ(judged(with("deny", R"("all_tools":{})"), "b"), "deny (default deny) @ /default");
  EXPECT_EQ(judged(with("deny", R"("tools":{"a":{"action":"allow"}})"), "a"), "allow");
  EXPECT_EQ(judged_as(with("deny", R"("risk":{"Read":{}})"), "b", Category::read), "allow");
  EXPECT_EQ(judged_as(with("deny", R"("risk":{"Read":{}})"), "b", Category::write),
            "deny (default deny) @ /default");
}

TEST(Decide, T136_GlobKeysAndHideMatchWholeNames) {
  const std::string document =
      with("deny", R"("hide":["admin_*","x?"],"tools":{"get_*":{},"admin_x":{},"x1":{}})");
  EXPECT_EQ(judged(document, "get_"), "allow");
  EXPECT_EQ(judged(document, "get_x"), "allow");
  EXPECT_EQ(judged(document, "xget_y"), "deny (default deny) @ /default");
  EXPECT_EQ(judged(document, "GET_x"), "deny (default deny) @ /default");
  EXPECT_EQ(judged(document, "admin_x"), "hide (hidden) @ /hide/0");
  EXPECT_EQ(judged(document, "x1"), "hide (hidden) @ /hide/1");
  EXPECT_EQ(judged(with("allow", R"("hide":["*"])"), "anything"), "hide (hidden) @ /hide/0");
  EXPECT_EQ(judged(with("allow", R"("hide":["b","a*","a","ab"])"), "ab"), "hide (hidden) @ /hide/1");
  EXPECT_EQ(judged(with("allow", R"("hide":["b","ab","a*"])"), "ab"), "hide (hidden) @ /hide/1");
}

TEST(Decide, HiddenComesBeforeUnknownBeforeDefault) {
  const auto policy = load_or_fail(with("deny", R"("hide":["h"])"));
  CallUnderTest hidden("h");
  hidden.call.known = false;
  EXPECT_EQ(judged(*policy, hidden.call), "hide (hidden) @ /hide/0");
  CallUnderTest unknown("u");
  unknown.call.known = false;
  EXPECT_EQ(judged(*policy, unknown.call), "hide (unknown tool)");
}

TEST(Decide, BlocksStandInTheirOrder) {
  const std::string all = with(
      "deny", R"("all_tools":{"deny_if":[{"conditions":[]}]},"risk":{"Read":{"deny_if":[{"conditions":[]}]}},
      "tools":{"z*":{"deny_if":[{"conditions":[]}]},"*":{"deny_if":[{"conditions":[]}]},"zx":{"action":"deny"}})");
  EXPECT_EQ(judged_as(all, "zx", Category::read), "deny /tools/zx/action @ /tools/zx/action");
  EXPECT_EQ(judged_as(all, "zy", Category::read), "deny /tools/*/deny_if/0 @ /tools/*/deny_if/0");
  const std::string two = with(
      "deny", R"("all_tools":{"deny_if":[{"conditions":[]}]},"risk":{"Read":{"deny_if":[{"conditions":[]}]}},
      "tools":{"zx":{}})");
  EXPECT_EQ(judged_as(two, "zx", Category::read), "deny /risk/Read/deny_if/0 @ /risk/Read/deny_if/0");
  EXPECT_EQ(judged_as(two, "zx", Category::write), "deny /all_tools/deny_if/0 @ /all_tools/deny_if/0");
}

TEST(Decide, ListsOfABlockStandInTheirOrder) {
  const std::string document = with("deny", R"("tools":{"t":{
      "approve_if":[{"conditions":[{"path":"args.x","op":"gt","value":0}]}],
      "require":[{"conditions":[{"path":"args.r","op":"exists","value":true}]}],
      "deny_if":[{"conditions":[{"path":"args.d","op":"eq","value":1}]},{"conditions":[{"path":"args.d","op":"lt","value":5}]}],
      "limits":[{"counter":"c","window":"day","max":0,"scope":"grant"}]}})");
  EXPECT_EQ(judged(document, "t", R"({"d":1,"x":"1"})"),
            "deny /tools/t/deny_if/args.d-eq @ /tools/t/deny_if/0/conditions/0");
  EXPECT_EQ(judged(document, "t", R"({"d":2,"x":"1"})"),
            "deny /tools/t/deny_if/args.d-lt @ /tools/t/deny_if/1/conditions/0");
  EXPECT_EQ(judged(document, "t", R"({"x":"1"})"),
            "deny /tools/t/require/args.r-exists @ /tools/t/require/0/conditions/0");
  EXPECT_EQ(judged(document, "t", R"({"r":1,"x":"1"})"),
            "deny /tools/t/approve_if/args.x-gt-type @ /tools/t/approve_if/0/conditions/0");
  EXPECT_EQ(judged(document, "t", R"({"r":1,"x":1})"),
            "approve /tools/t/approve_if/args.x-gt @ /tools/t/approve_if/0/conditions/0");
  EXPECT_EQ(judged(document, "t", R"({"r":1,"x":0})"), "deny /tools/t/limits/c @ /tools/t/limits/0");
}

TEST(Decide, EveryConditionIsJudgedAndTheFirstErrorNames) {
  const std::string document = with("allow", R"("tools":{"t":{"deny_if":[{"conditions":[
      {"path":"args.a","op":"eq","value":1},{"path":"args.b","op":"gt","value":1},{"path":"args.c","op":"gt","value":1}]}]}})");
  EXPECT_EQ(judged(document, "t", R"({"a":2,"b":"x","c":"y"})"),
            "deny /tools/t/deny_if/args.b-gt-type @ /tools/t/deny_if/0/conditions/1");
  EXPECT_EQ(judged(document, "t", R"({"a":2,"b":2,"c":2})"), "allow");
  EXPECT_EQ(judged(document, "t", R"({"a":1,"b":2,"c":2})"),
            "deny /tools/t/deny_if/args.a-eq @ /tools/t/deny_if/0/conditions/0");
  const std::string required = with("allow", R"("tools":{"t":{"require":[{"conditions":[
      {"path":"args.a","op":"eq","value":1},{"path":"args.b","op":"gt","value":1}]}]}})");
  EXPECT_EQ(judged(required, "t", R"({"a":2,"b":"x"})"),
            "deny /tools/t/require/args.b-gt-type @ /tools/t/require/0/conditions/1");
  EXPECT_EQ(judged(required, "t", R"({"a":1,"b":1})"),
            "deny /tools/t/require/args.b-gt @ /tools/t/require/0/conditions/1");
}

TEST(Decide, NoBlockRescuesACallFromAnother) {
  const std::string document =
      with("deny", R"("all_tools":{"deny_if":[{"conditions":[{"path":"args.a","op":"eq","value":1}]}]},
      "tools":{"t":{"action":"allow"}})");
  EXPECT_EQ(judged(document, "t", R"({"a":1})"),
            "deny /all_tools/deny_if/args.a-eq @ /all_tools/deny_if/0/conditions/0");
}

TEST(Decide, ADenialInALaterBlockBeatsAnApproval) {
  const std::string document =
      with("deny", R"("all_tools":{"deny_if":[{"conditions":[]}]},"tools":{"t":{"action":"approve"}})");
  EXPECT_EQ(judged(document, "t"), "deny /all_tools/deny_if/0 @ /all_tools/deny_if/0");
  EXPECT_EQ(
      judged(with("deny", R"("tools":{"t":{"action":"approve","approve_if":[{"conditions":[]}]}})"), "t"),
      "approve /tools/t/action @ /tools/t/action");
  EXPECT_EQ(judged(with("deny", R"("tools":{"t":{"approve_if":[{"conditions":[]}]}})"), "t"),
            "approve /tools/t/approve_if/0 @ /tools/t/approve_if/0");
}

TEST(Decide, ThePublishedForms) {
  EXPECT_EQ(judged(R"({"version":"1","default":"deny","tools":{"x":{"action":"deny","reason":"No."}}})", "x"),
            "deny /tools/x/action @ /tools/x/action");
  EXPECT_EQ(
      judged(R"({"version":"1","default":"deny","tools":{"x":{"rate_limit":{"max":0,"window":60}}}})", "x"),
      "deny /tools/x/rate_limit @ /tools/x/rate_limit");
  EXPECT_EQ(judged(R"({"version":"1","default":"deny","hide":["api_key_delete"]})", "api_key_delete"),
            "hide (hidden) @ /hide/0");
}

TEST(Decide, ActionHideHides) {
  EXPECT_EQ(judged(with("allow", R"("tools":{"t":{"action":"hide"}})"), "t"),
            "hide (hidden) @ /tools/t/action");
  EXPECT_EQ(
      judged_as(with("allow", R"("risk":{"Destructive":{"action":"hide"}})"), "t", Category::destructive),
      "hide (hidden) @ /risk/Destructive/action");
}

TEST(Decide, T178_ObserveDecidesButLetsPass) {
  const std::string members = R"("mode":"observe","hide":["h"],"tools":{"t":{"deny_if":[{"conditions":[]}],
      "limits":[{"counter":"c","window":"day","max":5,"scope":"grant"}]},"a":{"action":"approve"}})";
  const auto policy = load_or_fail(with("deny", members));
  Scratch scratch;
  CallUnderTest denied("t");
  Decision decision = decide(*policy, denied.call, scratch);
  EXPECT_EQ(decision.verdict, Verdict::deny);
  EXPECT_FALSE(decision.enforced);
  EXPECT_TRUE(decision.passes());
  EXPECT_EQ(scratch.demands().size(), 1u);  // what passes is counted
  EXPECT_EQ(judged(*policy, CallUnderTest("h").call), "hide (hidden) @ /hide/0 (observed)");
  EXPECT_EQ(judged(*policy, CallUnderTest("n").call), "deny (default deny) @ /default (observed)");
  EXPECT_EQ(judged(*policy, CallUnderTest("a").call), "approve /tools/a/action @ /tools/a/action (observed)");
  // Unknown tools still block.
  CallUnderTest unknown("h");
  unknown.call.known = false;
  decision = decide(*policy, unknown.call, scratch);
  EXPECT_TRUE(decision.enforced);
  EXPECT_FALSE(decision.passes());
  // A full limit does not replace the first refusal.
  decision = decide(*policy, denied.call, scratch);
  EXPECT_EQ(limit_denial(decision, *scratch.demands()[0].limit, 9).rule->rule, "/tools/t/deny_if/0");
  EXPECT_TRUE(listed(policy.get(), CallUnderTest("h").call, scratch));
}

TEST(Decide, WithoutAPolicyNothingIsListedOrAllowed) {
  Scratch scratch;
  EXPECT_FALSE(listed(nullptr, CallUnderTest("t").call, scratch));
  EXPECT_EQ(no_policy().rule->rule, "(no policy)");
  EXPECT_EQ(definition_changed().rule->rule, "(definition changed)");
  EXPECT_EQ(not_reviewed().rule->rule, "(not reviewed)");
}

TEST(Decide, ListsShowAllButHiddenNames) {
  const auto policy = load_or_fail(
      with("deny", R"("hide":["h*"],"tools":{"a":{},"d":{"action":"deny"},"g":{"action":"hide"}})"));
  Scratch scratch;
  for (const char* shown : {"a", "d", "unnamed"})
    EXPECT_TRUE(listed(policy.get(), CallUnderTest(shown).call, scratch)) << shown;
  for (const char* hidden : {"h", "hx", "g"})
    EXPECT_FALSE(listed(policy.get(), CallUnderTest(hidden).call, scratch)) << hidden;
}

TEST(Decide, DemandsStandInOrderWithTheirAmounts) {
  const auto policy = load_or_fail(
      with("allow", R"("all_tools":{"limits":[{"counter":"all","window":"minute","max":60,"scope":"grant"}]},
      "tools":{"t":{"rate_limit":{"max":10,"window":60},"limits":[
        {"counter":"sum","window":"day","max":50000,"scope":"grant","amount":"args.amount"},
        {"counter":"sum","window":"day","max":900,"scope":"grant","amount":"args.amount"}]}})"));
  Scratch scratch;
  CallUnderTest under_test("t", R"({"amount":1.0000001})");
  ASSERT_EQ(decide(*policy, under_test.call, scratch).verdict, Verdict::allow);
  std::vector<std::string> rules;
  for (const LimitDemand& demand : scratch.demands()) {
    rules.push_back(demand.limit->without_room->pointer + " " + std::to_string(demand.amount_millionths));
  }
  EXPECT_EQ(rules, (std::vector<std::string>{"/tools/t/limits/0 1000001", "/tools/t/limits/1 1000001",
                                             "/tools/t/rate_limit 1000000", "/all_tools/limits/0 1000000"}));
  const Decision denied =
      limit_denial(decide(*policy, under_test.call, scratch), *scratch.demands()[0].limit, 42);
  EXPECT_EQ(denied.code, Code::budget_exceeded);
  EXPECT_EQ(denied.retry_after_s, 42);
  EXPECT_EQ(limit_denial({}, *scratch.demands()[3].limit, 1).code, Code::rate_limited);
}

TEST(Decide, T175_AmountsAreExactAndBounded) {
  const std::string document = with("deny", R"("tools":{"t":{"limits":[
      {"counter":"sum","window":"day","max":1000000000000,"scope":"grant","amount":"args.n"}]}})");
  EXPECT_EQ(judged(document, "t", R"({"n":1000000000000})"), "allow");
  EXPECT_EQ(judged(document, "t", R"({"n":1000000000000.0000001})"),
            "deny /tools/t/limits/sum @ /tools/t/limits/0");
  EXPECT_EQ(judged(document, "t", R"({"n":1e18})"), "deny /tools/t/limits/sum @ /tools/t/limits/0");
  EXPECT_EQ(judged(document, "t", R"({"n":0})"), "allow");
  EXPECT_EQ(judged(document, "t", R"({"n":-0})"), "allow");
  for (const char* args :
       {R"({"n":-1})", R"({"n":-1e-300})", R"({"n":"5"})", R"({"n":null})", "{}", R"({"n":[1]})", ""}) {
    EXPECT_EQ(judged(document, "t", args), "deny /tools/t/limits/sum-type @ /tools/t/limits/0") << args;
  }
}

TEST(Decide, HandsOutEveryEntryThatAsks) {
  const auto policy = load_or_fail(with("deny", R"("tools":{"t":{"action":"approve","expires":"2h","approve_if":[
      {"conditions":[{"path":"args.x","op":"gt","value":1}],"approvers":["payments"],"approvals":2,"expires":"90s"},
      {"conditions":[{"path":"args.x","op":"gt","value":100}],"approvers":["board"]}]}},
    "all_tools":{"approve_if":[{"conditions":[],"self_confirm":true}]})"));
  Scratch scratch;
  EXPECT_EQ(decide(*policy, CallUnderTest("t", R"({"x":5})").call, scratch).verdict, Verdict::approve);
  const auto asked = scratch.approvals();
  ASSERT_EQ(asked.size(), 3u);
  EXPECT_EQ(asked[0]->expires_s, 7200);
  EXPECT_TRUE(asked[0]->approvers.empty());
  EXPECT_EQ(asked[1]->approvers, std::vector<std::string>{"payments"});
  EXPECT_EQ(asked[1]->approvals, 2u);
  EXPECT_EQ(asked[1]->expires_s, 90);
  EXPECT_FALSE(asked[1]->self_confirm);
  EXPECT_TRUE(asked[2]->self_confirm);
  EXPECT_EQ(asked[2]->expires_s, 600);
  EXPECT_EQ(decide(*policy, CallUnderTest("unnamed").call, scratch).verdict, Verdict::deny);
  EXPECT_TRUE(scratch.approvals().empty());
}

TEST(Decide, ApprovalsKeepTheDemandsOfTheirTicket) {
  const auto policy = load_or_fail(with("deny", R"("tools":{"t":{"action":"approve","limits":[
      {"counter":"c","window":"day","max":5,"scope":"grant"}]}})"));
  Scratch scratch;
  EXPECT_EQ(decide(*policy, CallUnderTest("t").call, scratch).verdict, Verdict::approve);
  EXPECT_EQ(scratch.demands().size(), 1u);
}

TEST(Decide, CodesSayWhatWouldHelp) {
  const auto code = [](std::string_view block, const std::string& args) {
    const auto policy = load_or_fail(with("deny", R"("tools":{"t":{)" + std::string(block) + "}}"));
    Scratch scratch;
    return to_string(decide(*policy, CallUnderTest("t", args).call, scratch).code);
  };
  EXPECT_EQ(code(R"("action":"deny")", "{}"), "tool_denied");
  EXPECT_EQ(code(R"("deny_if":[{"conditions":[]}])", "{}"), "tool_denied");
  EXPECT_EQ(code(R"("deny_if":[{"conditions":[{"path":"args.a","op":"eq","value":1}]}])", R"({"a":1})"),
            "argument_denied");
  EXPECT_EQ(code(R"("deny_if":[{"conditions":[{"path":"args.a","op":"gt","value":1}]}])", R"({"a":"1"})"),
            "argument_denied");
  EXPECT_EQ(code(R"("deny_if":[{"conditions":[{"path":"time.hour","op":"gte","value":0}]}])", "{}"),
            "tool_denied");
  EXPECT_EQ(code(R"("require":[{"conditions":[{"path":"args.a","op":"exists","value":true}]}])", "{}"),
            "require_missing");
  EXPECT_EQ(code(R"("require":[{"conditions":[{"path":"identity.role","op":"eq","value":"x"}]}])", "{}"),
            "tool_denied");
  EXPECT_EQ(code(R"("action":"approve")", "{}"), "approval_pending");
}

TEST(Decide, SectionsForResourcesAndPrompts) {
  const std::string document = with("deny", R"("resources":{"default":"allow","hide":["file:///secret/*"],
        "deny_if":[{"conditions":[{"path":"tool.name","op":"ends_with","value":".key"}]}],
        "limits":[{"counter":"reads","window":"minute","max":0,"scope":"grant"}]},
      "prompts":{"default":"allow","require":[{"conditions":[{"path":"args.lang","op":"in","value":["de","en"]}]}]})");
  const auto policy = load_or_fail(document);
  ASSERT_NE(policy, nullptr);
  const auto ask = [&](Kind kind, const char* name, const char* args = "{}") {
    CallUnderTest under_test(name, args);
    under_test.call.kind = kind;
    return judged(*policy, under_test.call);
  };
  EXPECT_EQ(ask(Kind::resource, "file:///secret/a"), "hide (hidden) @ /resources/hide/0");
  EXPECT_EQ(ask(Kind::resource, "file:///a.key"),
            "deny /resources/deny_if/tool.name-ends_with @ /resources/deny_if/0/conditions/0");
  EXPECT_EQ(ask(Kind::resource, "file:///a.txt"), "deny /resources/limits/reads @ /resources/limits/0");
  for (const char* uri : {"FILE:///secret/a", "file:///x/../secret/a", "file:///%73ecret/a", "file:///x%2F..%2Fsecret/a"}) {
    EXPECT_EQ(ask(Kind::resource, uri), "deny (ambiguous uri)");
  }
  EXPECT_EQ(ask(Kind::prompt, "p", R"({"lang":"de"})"), "allow");
  EXPECT_EQ(ask(Kind::prompt, "p"), "deny /prompts/require/args.lang-in @ /prompts/require/0/conditions/0");
  const auto bare =
      load_or_fail(R"({"version":"1","default":"deny","tools":{"p":{}},"prompts":{"default":"deny"}})");
  CallUnderTest prompt("p");
  prompt.call.kind = Kind::prompt;
  EXPECT_EQ(judged(*bare, prompt.call), "deny (default deny) @ /prompts/default");
  prompt.call.kind = Kind::resource;
  EXPECT_EQ(judged(*bare, prompt.call), "deny (default deny) @ /default");
  Scratch scratch;
  EXPECT_FALSE(listed(bare.get(), prompt.call, scratch));
}

TEST(Decide, AnActionIsHiddenWithItsTool) {
  const auto policy = load_or_fail(with("allow", R"("hide":["truenas"])"));
  CallUnderTest action("pool_list");
  action.call.outer = "truenas";
  EXPECT_EQ(judged(*policy, action.call), "hide (hidden) @ /hide/0");
}

TEST(Decide, TheIndexChangesNothing) {
  const auto policy = load_or_fail(with(
      "deny",
      R"("hide":["h*"],"risk":{"Read":{"limits":[{"counter":"c","window":"day","max":1,"scope":"grant"}]}},
      "all_tools":{"require":[{"conditions":[{"path":"args.ok","op":"eq","value":true}]}]},"tools":{"a":{},"a*":{"deny_if":[
      {"conditions":[{"path":"args.n","op":"gt","value":1}]}]}})"));
  std::vector<ToolIndex::Tool> tools = {
      {"a", Category::read}, {"ab", std::nullopt}, {"h1", Category::write}, {"z", Category::read}};
  const ToolIndex index(policy, tools);
  EXPECT_NE(index.find("a", Category::read), nullptr);
  EXPECT_EQ(index.find("a", Category::write), nullptr);
  EXPECT_EQ(index.find("q", std::nullopt), nullptr);
  Scratch scratch;
  for (const char* name : {"a", "ab", "h1", "z", "q"}) {
    for (const char* args : {R"({"ok":true})", R"({"ok":true,"n":5})", "{}", R"({"ok":1})"}) {
      for (std::optional<Category> category : {std::optional(Category::read), std::optional<Category>()}) {
        CallUnderTest under_test(name, args);
        under_test.call.category = category;
        const Decision plain = decide(*policy, under_test.call, scratch);
        const std::size_t demands = scratch.demands().size();
        const Decision indexed = decide(*policy, under_test.call, scratch, &index);
        EXPECT_EQ(plain.rule, indexed.rule) << name << args;
        EXPECT_EQ(plain.verdict, indexed.verdict);
        EXPECT_EQ(demands, scratch.demands().size());
        EXPECT_EQ(listed(policy.get(), under_test.call, scratch),
                  listed(policy.get(), under_test.call, scratch, &index));
      }
    }
  }
}

}  // namespace
}  // namespace doorward::policy
