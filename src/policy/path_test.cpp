#include "policy/path.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace doorward::policy {
namespace {

std::string shape(std::string_view text) {
  const auto path = parse_path(text);
  if (!path) return "refused: " + path.error().message;
  std::string out;
  for (const Segment& segment : path->segments) {
    if (segment.kind == Segment::Kind::member) out += "<" + segment.name + ">";
    if (segment.kind == Segment::Kind::index) out += "#" + std::to_string(segment.index);
    if (segment.kind == Segment::Kind::each) out += "*";
  }
  return out;
}

TEST(Path, ReadsTheGrammar) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"args.amount", "<amount>"},
      {"args.customer.email", "<customer><email>"},
      {R"(args["a.b"])", "<a.b>"},
      {R"(args["a\"b\u0041"].c)", "<a\"bA><c>"},
      {R"(args[""])", "<>"},
      {R"(args["]"])", "<]>"},
      {"args.items[0]", "<items>#0"},
      {"args.items[99999999999999999999]", "<items>#4294967295"},
      {"args.recipients[*].address", "<recipients>*<address>"},
      {"args[*][2][*]", "*#2*"},
      {"args.0", "<0>"},
      {"args.a-b_c/d~e", "<a-b_c/d~e>"},
      {"identity.org.id", "<org><id>"},
      {"args.\xC3\xA9", "<\xC3\xA9>"},
  };
  for (const auto& [text, want] : rows) EXPECT_EQ(shape(text), want) << text;
}

TEST(Path, RootsWithFixedMembers) {
  EXPECT_EQ(parse_path("tool.name")->root, Root::tool_name);
  EXPECT_EQ(parse_path("tool.category")->root, Root::tool_category);
  EXPECT_EQ(parse_path("tool.server")->root, Root::tool_server);
  EXPECT_EQ(parse_path("grant.label")->root, Root::grant_label);
  EXPECT_EQ(parse_path("time.hour")->root, Root::time_hour);
  EXPECT_EQ(parse_path("time.weekday")->root, Root::time_weekday);
  EXPECT_EQ(parse_path("grant.labels.team")->label, "team");
  EXPECT_EQ(parse_path(R"(grant.labels["cost.centre"])")->label, "cost.centre");
}

// T161: a negative index is refused; T160: no spelling is read in two ways.
TEST(Path, T160_T161_RefusesWhatIsNoPath) {
  for (const char* text : {"",
                           "args",
                           "identity",
                           "amount",
                           "args.",
                           "args..a",
                           "args.a.",
                           "args.a[",
                           "args.a[]",
                           "args.a[-1]",
                           "args.a[01]",
                           "args.a[ 0 ]",
                           "args.a[1",
                           "args.a['b']",
                           "args.a[\"b]",
                           "args.a[\"b\"",
                           "args.a b",
                           "args.a\"b",
                           "args.a]",
                           "args[*",
                           "args.a[\"\\ud800\"]",
                           "args.a[\"\\x\"]",
                           "Args.a",
                           "state.x.y",
                           "tool",
                           "tool.title",
                           "tool.name.x",
                           "grant.labels",
                           "grant.labels.a.b",
                           "grant.labels[0]",
                           "time.minute",
                           "time.hour[0]",
                           "args.a\n",
                           "args .a",
                           ".args.a"}) {
    EXPECT_FALSE(parse_path(text).has_value()) << text;
  }
}

TEST(Path, SuggestsTheNearest) {
  EXPECT_EQ(parse_path("arg.amount").error().suggestion, "args.amount");
  EXPECT_EQ(parse_path("amount").error().suggestion, "args.amount");
  EXPECT_EQ(parse_path("time.weekdy").error().suggestion, "time.weekday");
}

}  // namespace
}  // namespace doorward::policy
