#pragma once

#include <string_view>

#include "clients/tree.h"

namespace doorward::clients {

/// TOML 1.0 as a tree; dates are strings.
Result<Node> read_toml(std::string_view text);

}  // namespace doorward::clients
