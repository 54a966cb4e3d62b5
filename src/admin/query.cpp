#include "admin/query.h"

#include <algorithm>
#include <optional>

#include "http/chars.h"

namespace doorward::admin {
namespace {

constexpr std::size_t kMostMembers = 64;

int hex_digit(char c) {
  return c >= '0' && c <= '9' ? c - '0' : http::to_lower(c) - 'a' + 10;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else if (i + 2 < text.size() && http::is_hex(text[i + 1]) && http::is_hex(text[i + 2])) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      return std::nullopt;
    }
  }
  return out;
}

}  // namespace

Result<std::vector<std::pair<std::string, std::string>>> read_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> members;
  while (!query.empty()) {
    const std::size_t amp = query.find('&');
    const std::string_view pair = query.substr(0, amp);
    query.remove_prefix(amp == std::string_view::npos ? query.size() : amp + 1);
    if (pair.empty() || members.size() == kMostMembers) {
      return fail(ErrorKind::invalid, "the query cannot be read; write it like a=1&b=2");
    }
    const std::size_t equals = pair.find('=');
    auto name = percent_decode(pair.substr(0, equals));
    auto value =
        equals == std::string_view::npos ? std::optional<std::string>("") : percent_decode(pair.substr(equals + 1));
    if (!name || !value) {
      return fail(ErrorKind::invalid, "the query has a % that two hexadecimal digits do not follow");
    }
    if (std::ranges::find(members, *name, &std::pair<std::string, std::string>::first) != members.end()) {
      return fail(ErrorKind::invalid, "\"" + *name + "\" is there twice");
    }
    members.emplace_back(std::move(*name), std::move(*value));
  }
  return members;
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

std::string percent_encode(std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

}  // namespace doorward::admin
