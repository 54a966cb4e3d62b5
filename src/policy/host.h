#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace doorward::policy {

/// A list of hosts or domains, the common part of `url_host` and `email_domain`: exact names and `*.name`,
/// which is any depth below `name` but not itself; the case of ASCII letters aside.
struct HostPattern {
  std::string name;  ///< lower case, without `*.`
  bool below = false;
  std::optional<std::uint16_t> port;
  bool matches(std::string_view host) const;
};

/// Whether `host` is one or more labels of letters, digits, `-` and `_`, joined by dots, none empty.
bool is_host_name(std::string_view host);

/// Whether the last label would make URL parsers read the host as an IPv4 address: digits alone, or `0x` and
/// hex.
bool ends_in_number(std::string_view host);

/// The operator `url_host` (policy.md section 4).
class UrlHosts {
 public:
  /// Adds `host`, `*.host`, an IP address (IPv6 in brackets), each with an optional `:port`. Fails with one
  /// clause.
  std::expected<void, std::string> add(std::string_view entry);

  /// Whether the URL's host is in the list; nothing (an error) where the text is not an absolute http(s) URL
  /// or its authority could be read in two ways. Allocates only for a host in brackets.
  std::optional<bool> hold(std::string_view url) const;

 private:
  std::vector<HostPattern> hosts_;
};

/// The operator `email_domain` (policy.md section 4).
class EmailDomains {
 public:
  /// Adds `domain` or `*.domain`. Fails with one clause.
  std::expected<void, std::string> add(std::string_view entry);

  /// Whether the address is in one of the domains; nothing (an error) unless the text is exactly one plain
  /// ASCII `local@domain`. Allocates nothing.
  std::optional<bool> hold(std::string_view address) const;

 private:
  std::vector<HostPattern> domains_;
};

}  // namespace doorward::policy
