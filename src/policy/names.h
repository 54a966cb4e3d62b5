#pragma once

#include <string>
#include <vector>

#include "policy/policy.h"

namespace doorward::policy {

/// The tools that a document names one by one, under `tools` or `hide`, in byte order. Patterns name none.
std::vector<std::string> named_tools(const Policy& policy);

}  // namespace doorward::policy
