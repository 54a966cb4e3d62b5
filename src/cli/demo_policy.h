#pragma once

#include <string_view>

namespace doorward::cli {

/// The policy that `quickstart` and `demo` put before the demo server.
std::string_view demo_policy();

}  // namespace doorward::cli
