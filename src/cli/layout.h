#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace doorward::cli {

/// How wide the terminal behind a descriptor is; 0 where there is none, or it does not say.
std::size_t columns_of(int descriptor);

/// A text in a column of a table: filled up with blanks, or cut, with `~` at its end.
std::string cell(std::string_view text, std::size_t width, bool right = false);

/// A line broken at blanks so that no part is wider than `columns` (0: any width); the parts behind the first are indented.
/// A word that is wider stands alone: paths and commands stay whole for copying.
std::string wrapped(std::string_view line, std::size_t columns, std::size_t indent);

}  // namespace doorward::cli
