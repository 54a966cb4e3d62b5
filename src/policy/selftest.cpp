#include "policy/selftest.h"

#include "policy/checker.h"
#include "policy/program.h"

namespace doorward::policy {
namespace {

std::string spelled(std::string_view decision, std::string_view rule) {
  std::string out(decision);
  if (!rule.empty()) out += " by " + std::string(rule);
  return out;
}

TestResult run(const Policy& policy, const Origin& origin, const TestCase& test, Scratch& scratch) {
  Call call;
  call.tool = test.tool;
  call.category = test.category;
  if (!call.category && origin.category_of) call.category = origin.category_of(test.tool);
  call.args = test.args;
  call.server = origin.server;
  call.subject = test.has_subject ? &test.subject : nullptr;
  call.now_us = test.at_us;
  const Decision decision = judge_uncounted(policy, call, scratch);
  TestResult result{test.name, test.pointer, false, spelled(to_string(test.expect), test.rule.value_or("")),
                    spelled(to_string(decision.verdict), decision.rule->rule)};
  result.passed = decision.verdict == test.expect && (!test.rule || *test.rule == decision.rule->rule);
  return result;
}

}  // namespace

std::vector<TestResult> run_tests(const Policy& policy, const Origin& origin) {
  std::vector<TestResult> results;
  Scratch scratch;
  for (const TestCase& test : policy.program().tests) results.push_back(run(policy, origin, test, scratch));
  return results;
}

void run_tests(const Policy& policy, const Origin& origin, Checker& checker) {
  const std::vector<TestResult> results = run_tests(policy, origin);
  for (std::size_t i = 0; i < results.size(); ++i) {
    const TestResult& result = results[i];
    if (result.passed) continue;
    const json::Value value = policy.program().root.find("tests").at(i);
    const std::string message =
        "the test \"" + result.name + "\" fails: expected " + result.expected + ", got " + result.got;
    if (origin.draft) {
      checker.warn("test-failed", value, At{result.pointer}, message);
    } else {
      checker.error("test-failed", value, At{result.pointer}, message);
    }
  }
}

}  // namespace doorward::policy
