#include <gtest/gtest.h>

#include <string>

#include "base/count_allocations.h"
#include "policy/decide.h"
#include "policy/test_support.h"

namespace doorward::policy {
namespace {

constexpr const char* kDocument =
    R"({"version":"1","default":"deny","hide":["admin_*","x"],"timezone":"Europe/Berlin",
  "all_tools":{"limits":[{"counter":"all","window":"minute","max":60,"scope":"grant"}],
    "require":[{"conditions":[{"path":"time.hour","op":"gte","value":0},{"path":"grant.labels.team","op":"eq","value":"red"}]}]},
  "risk":{"Write":{"deny_if":[{"conditions":[{"path":"tool.name","op":"in","value":["a","b"]}]}]}},
  "tools":{"put_*":{"require":[{"conditions":[
      {"path":"args.path","op":"path_under","value":["/srv"]},{"path":"args.url","op":"url_host","value":["*.example.com"]},
      {"path":"args.to[*]","op":"email_domain","value":["example.com"]},{"path":"args.ip","op":"cidr","value":["10.0.0.0/8"]},
      {"path":"args.name","op":"length","value":{"lte":10}},{"path":"args.name","op":"starts_with","value":["x","n"]}]}]},
    "put_file":{"deny_if":[{"conditions":[{"path":"args.amount","op":"gt","value":10000.5}]},
      {"conditions":[{"path":"args.tags","op":"contains","value":{"k":1}}]}],
      "approve_if":[{"conditions":[{"path":"args.amount","op":"gt","value":5000}]}],
      "limits":[{"counter":"sum","window":"day","max":50000,"scope":"grant","amount":"args.amount"}]}}})";

std::size_t allocations_of(const std::string& tool, const std::string& args, const ToolIndex* index,
                           const std::shared_ptr<const Policy>& policy) {
  testing::CallUnderTest under_test(tool, args);
  under_test.call.category = Category::write;
  under_test.subject.labels = {{"team", "red"}};
  Scratch scratch;
  decide(*policy, under_test.call, scratch, index);
  const std::size_t before = test::allocations;
  for (int i = 0; i < 10; ++i) decide(*policy, under_test.call, scratch, index);
  return test::allocations - before;
}

TEST(Allocation, AWarmDecisionAllocatesNothing) {
  const auto policy = testing::load_or_fail(kDocument);
  ASSERT_NE(policy, nullptr);
  const ToolIndex::Tool tools[] = {{"put_file", Category::write}};
  const ToolIndex index(policy, tools);
  const std::string good =
      R"({"path":"/srv/x","url":"https://a.example.com/","to":["a@example.com","b@example.com"],"ip":"10.1.1.1",
      "name":"nnn","amount":12.5,"tags":[{"k":2}]})";
  for (const std::string& args : {good, std::string("{}"), std::string(R"({"amount":20000})"),
                                  std::string(R"({"amount":"x"})"), std::string(R"({"tags":[{"k":1.0}]})")}) {
    EXPECT_EQ(allocations_of("put_file", args, &index, policy), 0u) << args;
    EXPECT_EQ(allocations_of("put_file", args, nullptr, policy), 0u) << args;
    EXPECT_EQ(allocations_of("other", args, &index, policy), 0u) << args;
    EXPECT_EQ(allocations_of("admin_x", args, nullptr, policy), 0u) << args;
  }
}

}  // namespace
}  // namespace doorward::policy
