#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace doorward::mcp {

/// Appends a JSON text on one line. A raw line break can only be white space between tokens there, so a space
/// means the same (T261).
inline void append_one_line(std::string& out, std::string_view json) {
  const std::size_t begin = out.size();
  out += json;
  if (json.find_first_of("\r\n") == std::string_view::npos) return;
  std::replace_if(
      out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(),
      [](char c) { return c == '\r' || c == '\n'; }, ' ');
}

}  // namespace doorward::mcp
