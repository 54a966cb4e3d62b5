#include "http/url.h"

#include <arpa/inet.h>

#include <algorithm>

#include "base/text.h"
#include "http/chars.h"
#include "http/field.h"

namespace doorward::http {

namespace {

bool parse_port(std::string_view text, std::uint16_t& port) {
  if (text.empty() || text.size() > 5 || text.front() == '0') return false;
  std::uint32_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return false;
    value = value * 10 + static_cast<std::uint32_t>(c - '0');
  }
  if (value > 65535) return false;
  port = static_cast<std::uint16_t>(value);
  return true;
}

bool is_ipv6(std::string_view text) {
  char copy[INET6_ADDRSTRLEN];
  in6_addr ignored;
  if (text.size() >= sizeof copy || text.find_first_not_of("0123456789abcdefABCDEF:.") != text.npos)
    return false;
  std::copy(text.begin(), text.end(), copy);
  copy[text.size()] = '\0';
  return ::inet_pton(AF_INET6, copy, &ignored) == 1;
}

bool is_host_char(char c) {
  return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z') || c == '-' || c == '.' || c == '_';
}

}  // namespace

bool parse_authority(std::string_view text, Authority& out) {
  out = Authority();
  std::size_t end = 0;
  if (!text.empty() && text.front() == '[') {
    end = text.find(']');
    if (end == std::string_view::npos) return false;
    out.host = text.substr(1, end - 1);
    out.ipv6 = true;
    if (!is_ipv6(out.host)) return false;
    ++end;
  } else {
    while (end < text.size() && is_host_char(text[end])) ++end;
    out.host = text.substr(0, end);
    if (end == 0 || end > 255 || out.host.front() == '.' || out.host.find("..") != out.host.npos)
      return false;
  }
  if (end == text.size()) return true;
  return text[end] == ':' && parse_port(text.substr(end + 1), out.port);
}

std::string Url::origin() const {
  return (tls ? "https://" : "http://") + authority;
}

Result<Url> parse_url(std::string_view text) {
  const auto wrong = [text](const char* why) {
    std::string shown;
    for (const char c : text.substr(0, 200)) shown += is_value_char(c) ? c : '?';
    return fail(ErrorKind::invalid, "the URL " + shown + " " + why);
  };
  Url url;
  if (text.size() > 2048) return wrong("is longer than 2048 bytes; use a shorter one");
  const std::size_t colon = text.find("://");
  const std::string_view scheme = text.substr(0, colon == text.npos ? 0 : colon);
  if (equal_ignoring_case(scheme, "https")) {
    url.tls = true;
  } else if (!equal_ignoring_case(scheme, "http")) {
    return wrong("does not begin with http:// or https://; write the whole URL");
  }
  const std::string_view rest = text.substr(colon + 3);
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  Authority authority;
  if (rest.substr(0, end).find('@') != rest.npos) {
    return wrong("holds a user name or password; configure credentials as a header instead");
  }
  if (!parse_authority(rest.substr(0, end), authority)) {
    return wrong("has no valid host and port; write http://host:port/path");
  }
  const std::string_view target = rest.substr(end);
  if (target.find('#') != target.npos)
    return wrong("has a fragment, which is never sent; remove it from the `#` on");
  for (std::size_t i = 0; i < target.size(); ++i) {
    const bool coded =
        target[i] != '%' || (i + 2 < target.size() && is_hex(target[i + 1]) && is_hex(target[i + 2]));
    if (!coded || !has_class(target[i], detail::kQuery))
      return wrong("holds a character that must be percent-encoded");
  }
  const std::uint16_t usual = url.tls ? 443 : 80;
  url.host = lower(authority.host);
  url.port = authority.port != 0 ? authority.port : usual;
  url.target = target.empty() || target.front() != '/' ? "/" + std::string(target) : std::string(target);
  url.authority = authority.ipv6 ? "[" + url.host + "]" : url.host;
  if (url.port != usual) url.authority += ":" + std::to_string(url.port);
  return url;
}

}  // namespace doorward::http
