#pragma once

#include <algorithm>
#include <string_view>

namespace doorward::mcp {

/// The grammar of tool names: 1 to 128 bytes of `A-Z a-z 0-9 _ . -`. A name outside it is not published to
/// clients and answered like an unknown tool when called; no folding, no trimming (T129, T136).
inline bool is_tool_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  };
  return !name.empty() && name.size() <= 128 && std::all_of(name.begin(), name.end(), allowed);
}

}  // namespace doorward::mcp
