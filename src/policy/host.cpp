#include "policy/host.h"

#include <algorithm>
#include <cstddef>

#include "base/text.h"
#include "policy/address.h"

namespace doorward::policy {
namespace {

/// A host and the text behind its last colon.
struct HostPort {
  std::string_view host;  // brackets included
  std::optional<std::uint16_t> port;
};

/// Splits `host[:port]` where both can be read in one way only.
std::optional<HostPort> split(std::string_view text) {
  HostPort out;
  std::size_t end = 0;
  if (text.starts_with('[')) {
    end = text.find(']');
    if (end == std::string_view::npos || !is_canonical_v6(text.substr(1, end - 1))) return std::nullopt;
    ++end;
  } else {
    end = std::min(text.find(':'), text.size());
    const std::string_view host = text.substr(0, end);
    if (!is_host_name(host)) return std::nullopt;
    if (ends_in_number(host) && !parse_address(host)) return std::nullopt;
  }
  out.host = text.substr(0, end);
  std::string_view rest = text.substr(end);
  if (rest.empty()) return out;
  rest.remove_prefix(1);
  if (text[end] != ':' || rest.empty() || rest.size() > 5 || !std::ranges::all_of(rest, is_digit))
    return std::nullopt;
  if (rest[0] == '0') return std::nullopt;
  unsigned port = 0;
  for (char digit : rest) port = port * 10 + static_cast<unsigned>(digit - '0');
  if (port > 65535) return std::nullopt;
  out.port = static_cast<std::uint16_t>(port);
  return out;
}

bool is_atom_byte(char c) {
  return is_alpha(c) || is_digit(c) ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

/// Atoms joined by dots (RFC 5322 section 3.2.3).
bool is_dot_atom(std::string_view text) {
  bool after_dot = true;
  for (char c : text) {
    if (c == '.' && after_dot) return false;
    if (c != '.' && !is_atom_byte(c)) return false;
    after_dot = c == '.';
  }
  return !after_dot;
}

}  // namespace

bool HostPattern::matches(std::string_view host) const {
  if (!below) return equal_ignoring_case(host, name);
  return host.size() > name.size() + 1 && host[host.size() - name.size() - 1] == '.' &&
         equal_ignoring_case(host.substr(host.size() - name.size()), name);
}

bool is_host_name(std::string_view host) {
  bool after_dot = true;
  for (char c : host) {
    if (c == '.' && after_dot) return false;
    if (c != '.' && c != '-' && c != '_' && !is_alpha(c) && !is_digit(c)) return false;
    after_dot = c == '.';
  }
  return !after_dot;
}

bool ends_in_number(std::string_view host) {
  const std::size_t dot = host.rfind('.');
  const std::string_view last = dot == std::string_view::npos ? host : host.substr(dot + 1);
  if (std::ranges::all_of(last, is_digit)) return true;
  return last.size() >= 2 && last[0] == '0' && to_lower(last[1]) == 'x' &&
         std::ranges::all_of(last.substr(2), is_hex);
}

std::expected<void, std::string> UrlHosts::add(std::string_view entry) {
  HostPattern pattern;
  if (entry.starts_with("*.")) {
    pattern.below = true;
    entry.remove_prefix(2);
  }
  const auto parts = split(entry);
  if (!parts)
    return std::unexpected("it is no host; write it as example.com, *.example.com or example.com:8443");
  if (pattern.below && (parts->host.starts_with('[') || ends_in_number(parts->host))) {
    return std::unexpected("nothing lies below an IP address");
  }
  pattern.name = lower(parts->host);
  pattern.port = parts->port;
  hosts_.push_back(std::move(pattern));
  return {};
}

std::optional<bool> UrlHosts::hold(std::string_view url) const {
  std::uint16_t own_port = 0;
  if (url.size() >= 7 && equal_ignoring_case(url.substr(0, 7), "http://")) {
    own_port = 80;
    url.remove_prefix(7);
  } else if (url.size() >= 8 && equal_ignoring_case(url.substr(0, 8), "https://")) {
    own_port = 443;
    url.remove_prefix(8);
  } else {
    return std::nullopt;
  }
  const auto parts = split(url.substr(0, url.find_first_of("/?#")));
  if (!parts) return std::nullopt;
  const std::uint16_t port = parts->port.value_or(own_port);
  return std::ranges::any_of(hosts_, [&](const HostPattern& pattern) {
    return port == pattern.port.value_or(own_port) && pattern.matches(parts->host);
  });
}

std::expected<void, std::string> EmailDomains::add(std::string_view entry) {
  HostPattern pattern;
  if (entry.starts_with("*.")) {
    pattern.below = true;
    entry.remove_prefix(2);
  }
  if (!is_dot_atom(entry)) {
    return std::unexpected("it is no domain; write it as example.com or *.example.com");
  }
  pattern.name = lower(entry);
  domains_.push_back(std::move(pattern));
  return {};
}

std::optional<bool> EmailDomains::hold(std::string_view address) const {
  const std::size_t at = address.find('@');
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view domain = address.substr(at + 1);
  if (!is_dot_atom(address.substr(0, at)) || !is_dot_atom(domain)) return std::nullopt;
  return std::ranges::any_of(domains_, [&](const HostPattern& pattern) { return pattern.matches(domain); });
}

}  // namespace doorward::policy
