#include "catalogue/attack.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "json/reader.h"
#include "policy/policy.h"
#include "policy/selftest.h"

namespace doorward::catalogue {
namespace {

std::vector<std::string_view> ids_of(const std::vector<Exposure>& found) {
  std::vector<std::string_view> ids;
  for (const Exposure& exposure : found) ids.push_back(exposure.pattern->id);
  return ids;
}

std::vector<Exposure> exposed(std::string_view tool, std::string_view schema = "{}",
                              std::string_view description = "") {
  json::Reader reader;
  const auto value = reader.read(schema);
  EXPECT_TRUE(value) << schema;
  risk::ToolFacts facts;
  facts.name = tool;
  facts.description = description;
  facts.input_schema = *value;
  return exposures(tool, risk::classify(facts));
}

bool has(const std::vector<Exposure>& found, std::string_view id) {
  return std::ranges::any_of(found, [&](const Exposure& exposure) { return exposure.pattern->id == id; });
}

TEST(AttackPatterns, AreWholeAndInTheOrderOfTheDesign) {
  const std::vector<std::string_view> expected = {"tool-poisoning",         "mcp-rug-pull",
                                                  "tool-shadowing",         "indirect-prompt-injection",
                                                  "lethal-trifecta",        "destructive-action-autonomy",
                                                  "runaway-loop",           "fraudulent-transaction",
                                                  "credential-harvest",     "command-injection",
                                                  "ssrf-open-world",        "over-privileged-token",
                                                  "supply-chain",           "shadow-server",
                                                  "memory-poisoning",       "code-sabotage",
                                                  "impersonation-outreach", "no-audit"};
  std::vector<std::string_view> ids;
  for (const AttackPattern& pattern : attack_patterns()) {
    ids.push_back(pattern.id);
    EXPECT_FALSE(pattern.name.empty() || pattern.definition.empty() || pattern.how.empty() ||
                 pattern.applies_to.empty() || pattern.mitigation.empty() || pattern.frameworks.empty())
        << pattern.id;
    EXPECT_EQ(find_attack(pattern.id), &pattern);
    std::set<std::string_view> frameworks(pattern.frameworks.begin(), pattern.frameworks.end());
    EXPECT_EQ(frameworks.size(), pattern.frameworks.size()) << pattern.id;
    for (const Incident& incident : pattern.incidents) {
      EXPECT_FALSE(incident.date.empty() || incident.name.empty() || incident.what.empty() ||
                   incident.lesson.empty());
    }
  }
  EXPECT_EQ(ids, expected);
  EXPECT_EQ(find_attack("none"), nullptr);
}

TEST(AttackPatterns, EveryFrameworkIsCarried) {
  std::set<std::string> seen;
  for (const AttackPattern& pattern : attack_patterns())
    seen.insert(pattern.frameworks.begin(), pattern.frameworks.end());
  for (int i = 1; i <= 10; ++i) {
    const std::string number = (i < 10 ? "0" : "") + std::to_string(i);
    EXPECT_TRUE(seen.contains("OWASP MCP" + number)) << number;
    // ASI07 is of agents that talk to each other, which no tool shows.
    EXPECT_EQ(seen.contains("ASI" + number), i != 7) << number;
  }
}

// Loading a policy runs the tests inside it; a rule that did not do what it says would not load.
TEST(AttackPatterns, EveryRuleDoesWhatItSays) {
  std::size_t rules = 0;
  for (const AttackPattern& pattern : attack_patterns()) {
    if (pattern.rule.empty()) continue;
    ++rules;
    const auto loaded = policy::load(pattern.rule);
    if (!loaded) {
      for (const auto& finding : loaded.error())
        ADD_FAILURE() << pattern.id << " " << policy::to_text(finding, "rule");
      continue;
    }
    for (const auto& finding : loaded->warnings)
      ADD_FAILURE() << pattern.id << " " << policy::to_text(finding, "rule");
    const auto results = policy::run_tests(*loaded->policy, {});
    const auto expects = [&](std::string_view wanted) {
      return std::ranges::any_of(
          results, [&](const policy::TestResult& result) { return result.expected.starts_with(wanted); });
    };
    EXPECT_TRUE(expects("deny") || expects("hide") || expects("approve")) << pattern.id;
    EXPECT_TRUE(expects("allow") || expects("approve")) << pattern.id << " shows nothing that passes";
  }
  EXPECT_EQ(rules,
            attack_patterns().size() - 3);  // supply-chain, shadow-server and no-audit are no policy's matter
}

TEST(Exposures, OfToolsAsTheDesignAssignsThem) {
  EXPECT_EQ(ids_of(exposed("create_refund")).front(), "fraudulent-transaction");
  EXPECT_TRUE(has(exposed("create_refund"), "runaway-loop"));
  EXPECT_EQ(ids_of(exposed("delete_api_key")).front(), "destructive-action-autonomy");
  EXPECT_TRUE(has(exposed("delete_api_key"), "over-privileged-token"));
  EXPECT_EQ(ids_of(exposed("get_secret")).front(), "credential-harvest");
  EXPECT_TRUE(has(exposed("get_secret"), "mcp-rug-pull"));
  EXPECT_TRUE(has(exposed("list_issues"), "indirect-prompt-injection"));
  EXPECT_TRUE(has(exposed("list_issues"), "lethal-trifecta"));
  EXPECT_TRUE(has(exposed("merge_pull_request"), "code-sabotage"));
  EXPECT_TRUE(has(exposed("push_files"), "code-sabotage"));
  EXPECT_TRUE(has(exposed("send_email"), "impersonation-outreach"));
  EXPECT_TRUE(has(exposed("add_memory"), "memory-poisoning"));
  EXPECT_TRUE(has(exposed("fetch", R"({"properties":{"url":{"type":"string"}}})"), "ssrf-open-world"));
  const auto shell = exposed("execute_command", R"({"properties":{"command":{"type":"string"}}})");
  EXPECT_TRUE(has(shell, "command-injection"));
  EXPECT_TRUE(has(shell, "destructive-action-autonomy"));
  EXPECT_FALSE(has(exposed("list_issues"), "command-injection"));
  EXPECT_FALSE(has(exposed("get_weather"), "lethal-trifecta"));
  EXPECT_FALSE(has(exposed("get_weather"), "credential-harvest"));
  EXPECT_FALSE(has(exposed("get_weather"), "runaway-loop"));
}

TEST(Exposures, SayWhyAndEndWithWhatHoldsForEveryTool) {
  const auto found = exposed("delete_api_key");
  EXPECT_NE(found.front().why.find("Destructive"), std::string::npos) << found.front().why;
  EXPECT_NE(found.front().why.find("\"delete"), std::string::npos) << found.front().why;
  const auto shell = exposed("execute_command", R"({"properties":{"command":{"type":"string"}}})");
  EXPECT_NE(shell.front().why.find("(\"command\" in its parameters)"), std::string::npos)
      << shell.front().why;
  for (const auto& exposures : {found, shell, exposed("zebra")}) {
    const std::vector<std::string_view> ids = ids_of(exposures);
    ASSERT_GE(ids.size(), 3u);
    EXPECT_EQ(std::vector<std::string_view>(ids.end() - 3, ids.end()),
              (std::vector<std::string_view>{"tool-poisoning", "supply-chain", "tool-shadowing"}));
    for (const Exposure& exposure : exposures) EXPECT_TRUE(exposure.why.ends_with('.')) << exposure.why;
  }
}

}  // namespace
}  // namespace doorward::catalogue
