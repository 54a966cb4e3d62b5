#pragma once

#include <string>
#include <string_view>

#include "json/value.h"

namespace doorward::catalogue {

/// A JSON value laid out for people: two spaces a level, what fits on a line of `width` columns on one.
/// Numbers and strings are spelled as they were.
std::string pretty(json::Value value, std::size_t width = 76);
/// The same of a text; the text itself where it is no JSON.
std::string pretty(std::string_view text, std::size_t width = 76);

}  // namespace doorward::catalogue
