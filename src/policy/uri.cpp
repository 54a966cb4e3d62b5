#include "policy/uri.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace doorward::policy {
namespace {

constexpr std::array<std::string_view, 6> kCaselessAuthorities = {"file", "ftp", "http", "https", "ws", "wss"};

/// The value of a digit of a percent-encoding in upper case, or -1.
int hex(char c) {
  if (is_digit(c)) return c - '0';
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// Whether an octet may stand percent-encoded: it has no plain spelling, and no server reads a border of a path in it.
bool may_be_encoded(int octet) {
  const char c = static_cast<char>(octet);
  if (octet < 0x20 || octet == 0x7F || c == '/' || c == '\\') return false;
  return !is_alnum(c) && std::string_view("-._~").find(c) == std::string_view::npos;
}

bool plain_octets(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto octet = static_cast<unsigned char>(text[i]);
    if (octet <= 0x20 || octet == 0x7F || octet == '\\') return false;
    if (octet != '%') continue;
    if (i + 2 >= text.size()) return false;
    const int high = hex(text[i + 1]);
    const int low = hex(text[i + 2]);
    if (high < 0 || low < 0 || !may_be_encoded(high * 16 + low)) return false;
    i += 2;
  }
  return true;
}

/// Servers cut at slashes whatever the scheme says of them, so every part between two counts as a segment.
bool has_dot_segment(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find_first_of("/?#");
    const std::string_view segment = text.substr(0, end);
    if (segment == "." || segment == "..") return true;
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return false;
}

}  // namespace

bool is_plain_uri(std::string_view uri) {
  const std::size_t colon = uri.find(':');
  if (colon == std::string_view::npos || colon == 0 || !is_lower(uri.front())) return false;
  const std::string_view scheme = uri.substr(0, colon);
  const auto in_scheme = [](char c) {
    return is_lower(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  };
  if (!std::ranges::all_of(scheme, in_scheme)) return false;
  const std::string_view rest = uri.substr(colon + 1);
  if (!plain_octets(rest) || has_dot_segment(rest)) return false;
  if (!rest.starts_with("//") || std::ranges::find(kCaselessAuthorities, scheme) == kCaselessAuthorities.end())
    return true;
  const std::string_view authority = rest.substr(2, rest.find_first_of("/?#", 2) - 2);
  return std::ranges::none_of(authority, is_upper);
}

}  // namespace doorward::policy
