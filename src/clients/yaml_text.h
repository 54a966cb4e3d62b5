#pragma once

#include <string_view>

#include "clients/tree.h"

namespace doorward::clients {

/// Gives the values of a YAML tree their ends in the text that it was read from; `begin` and `value_begin` are there.
/// Where a place cannot be told (an alias, which stands elsewhere), all three become 0, its own and those of what holds
/// it.
void place_yaml(Node& root, std::string_view text);

}  // namespace doorward::clients
