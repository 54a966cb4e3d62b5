#include "cli/explanation_view.h"

#include <gtest/gtest.h>

#include "json/reader.h"

namespace doorward::cli {
namespace {

constexpr const char* kDenied = R"({"id":"dec_1","decision":"deny","word":"denied","enforced":true,"code":"argument_denied",
"summary":"args.amount is 12000; it must be at most 10000.","subject":{"grant":"support","owner":"Alice"},
"call":{"server":"stripe","tool":"charge"},"policy":{"name":"p","version":14,"origin":""},
"rule":"/tools/charge/deny_if/args.amount-gt","line":9,"note":"Ask \u001b[31mpayments.",
"trace":[{"step":"known","result":"ok","line":0},{"step":"deny_if[0]","result":"decided","line":9},{"step":"limits","result":"not evaluated","line":0}],
"effects":{"forwarded":false,"quota":"none used"},
"remedy":{"changes":["args.amount must be at most 10000"],"ask":"payments","after_s":0},"told_agent":"Not run."})";

std::string shown(const char* json, Look look = {}) {
  json::Reader reader;
  const auto root = reader.read(json);
  EXPECT_TRUE(root.has_value());
  return root ? explanation_text(*root, look) : std::string();
}

TEST(ExplanationView, SaysWhatHappenedWhyAndWhatWouldChangeIt) {
  EXPECT_EQ(shown(kDenied),
            "x Denied - stripe.charge - support (Alice) - dec_1\n"
            "args.amount is 12000; it must be at most 10000.\n"
            "The rule's author says: Ask \\u001b[31mpayments.\n"
            "The call did not reach stripe. No quota was used.\n"
            "  + known\n"
            "  x deny_if[0]   line 9\n"
            "  - limits: not evaluated\n"
            "Rule: /tools/charge/deny_if/args.amount-gt of p v14, line 9\n"
            "What would change it:  args.amount must be at most 10000  |  ask payments\n"
            "Told the agent: \"Not run.\"\n");
}

TEST(ExplanationView, SpellsAValueOnceAsJson) {
  const std::string text = shown(R"j({"decision":"deny","word":"denied","summary":"args.reason is \"late \\\"x\\\"\"; it must be \"y\".",
"trace":[{"step":"deny_if[0]  args.reason eq \"late\" (actual \"late \\u202e delivery\")","result":"decided","line":3}],
"told_agent":"args.reason is \"late\"."})j");
  EXPECT_NE(text.find(R"(args.reason is "late \"x\""; it must be "y".)"), std::string::npos) << text;
  EXPECT_NE(text.find(R"j((actual "late \u202e delivery"))j"), std::string::npos) << text;
  EXPECT_NE(text.find(R"j(Told the agent: "args.reason is "late".")j"), std::string::npos) << text;
}

TEST(ExplanationView, MarksTheDeciderWhereTheTerminalCan) {
  const std::string text = shown(kDenied, {.color = true, .unicode = true});
  EXPECT_NE(text.find("\x1b[1m  \u2715 deny_if[0]   line 9\x1b[0m\n"), std::string::npos) << text;
  EXPECT_TRUE(text.starts_with("\x1b[31m\u2715 Denied\x1b[0m"));
}

}  // namespace
}  // namespace doorward::cli
