#pragma once

#include <string>
#include <string_view>

namespace doorward::cli {

/// Two texts line by line: lines that only the first has begin with `- `, those that only the second has with `+ `,
/// common ones with two spaces; of these, three around each change, and `...` for what is left out. Each line ends in
/// LF and is escaped for a terminal, and painted where one wants that. Empty where the texts are equal.
std::string line_diff(std::string_view before, std::string_view after, bool color = false);

}  // namespace doorward::cli
