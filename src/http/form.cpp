#include "http/form.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"

namespace doorward::http {

bool is_unreserved(char c) {
  return is_alnum(c) || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

std::string percent_encode(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
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

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const auto byte = from_hex(text.substr(i + 1, 2));
      if (!byte || byte->size() != 1) return std::nullopt;
      out += *byte;
      i += 2;
    }
  }
  return out;
}

std::string form_encode(const FormFields& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    if (!out.empty()) out += '&';
    out.append(percent_encode(name)).append("=").append(percent_encode(value));
  }
  return out;
}

Result<std::string> form_value(std::string_view query, std::string_view name, std::size_t most) {
  std::optional<std::string> found;
  while (!query.empty()) {
    const std::string_view member = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), member.size() + 1));
    const std::size_t equals = std::min(member.find('='), member.size());
    if (member.substr(0, equals) != name) continue;
    auto value = percent_decode(member.substr(std::min(equals + 1, member.size())));
    if (!value || found || member.size() > most) {
      return fail(ErrorKind::invalid, std::string(name) + " is malformed, too long or there twice");
    }
    found = std::move(value);
  }
  if (!found) return fail(ErrorKind::not_found, std::string(name) + " is missing");
  return *found;
}

}  // namespace doorward::http
