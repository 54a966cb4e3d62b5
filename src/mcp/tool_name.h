#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace doorward::mcp {

/// A name is at most this long, also one that a bundle has put a prefix before.
inline constexpr std::size_t kMostNameBytes = 128;

/// The grammar of tool names: 1 to 128 bytes of `A-Z a-z 0-9 _ . -`. A name outside it is not published to
/// clients and answered like an unknown tool when called; no folding, no trimming (T129, T136).
inline bool is_tool_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  };
  return !name.empty() && name.size() <= kMostNameBytes && std::all_of(name.begin(), name.end(), allowed);
}

}  // namespace doorward::mcp
