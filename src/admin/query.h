#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace doorward::admin {

/// The members of a query string (without `?`) in their order, percent-decoded. invalid where it cannot be
/// read, has too many, or one twice.
Result<std::vector<std::pair<std::string, std::string>>> read_query(std::string_view query);

}  // namespace doorward::admin
