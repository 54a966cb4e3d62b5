#include "catalogue/stack_policy.h"

#include <gtest/gtest.h>

namespace doorward::catalogue {
namespace {

ToolRecord tool(std::string name, Category category, std::vector<risk::Signal> signals = {}) {
  ToolRecord record;
  record.name = name;
  record.definition = "{\"name\":\"" + name + "\"}";
  record.classification.category = category;
  record.classification.severity = category_severity(category);
  for (const risk::Signal signal : signals) record.classification.signals.push_back({signal, "/name", name});
  return record;
}

TEST(StackPolicy, SaysWhatThePoliciesCloseAndWhatIsLeftOfTheTrifecta) {
  const std::vector<ToolRecord> mail = {tool("send_mail", Category::write, {risk::Signal::sends_out}), tool("wipe", Category::destructive)};
  const std::vector<ToolRecord> issues = {
      tool("read_issue", Category::read, {risk::Signal::private_data, risk::Signal::untrusted_content}), tool("pay", Category::financial)};
  const std::vector<StackServer> servers = {{"mail", mail}, {"issues", issues}};
  const StackPolicies usual = recommend_stack(servers, Posture::recommended);
  ASSERT_EQ(usual.servers.size(), 2u);
  EXPECT_EQ(usual.count(Reach::blocked), 1u);
  EXPECT_EQ(usual.count(Reach::needs_person), 1u);
  EXPECT_EQ(usual.count(Reach::limited), 2u);
  EXPECT_EQ(usual.after[static_cast<std::size_t>(Severity::critical)][static_cast<std::size_t>(Reach::blocked)], 1u);
  EXPECT_TRUE(usual.left.complete);  // a limit does not take a leg away
  EXPECT_FALSE(recommend_stack(servers, Posture::strict).left.complete);
}

}  // namespace
}  // namespace doorward::catalogue
