#pragma once

#include <span>
#include <string>
#include <vector>

#include "policy/policy.h"

namespace doorward::policy {

class Checker;

/// The outcome of one of a document's `tests` (policy.md section 9).
struct TestResult {
  std::string name;
  std::string pointer;
  bool passed = false;
  std::string expected;  ///< decision, and the rule where the test names one
  std::string got;       ///< decision and rule
};

/// Runs every test of the document as enforce, with nothing counted yet.
std::vector<TestResult> run_tests(const Policy& policy, const Origin& origin);

/// The same; failures become findings.
void run_tests(const Policy& policy, const Origin& origin, Checker& checker);

}  // namespace doorward::policy
