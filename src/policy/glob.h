#pragma once

#include <string_view>

namespace doorward::policy {

/// Whether a name of the document is a pattern: it holds `*` or `?`.
constexpr bool is_glob(std::string_view pattern) {
  return pattern.find_first_of("*?") != std::string_view::npos;
}

/// Whole-name match (policy.md section 2): `*` stands for any text, also none, `?` for exactly one character
/// (one code point of UTF-8), everything else for itself. Time at most pattern times name.
bool glob_match(std::string_view pattern, std::string_view name);

}  // namespace doorward::policy
