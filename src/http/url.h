#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace doorward::http {

/// The authority of a Host field or URL, checked: a registered name, an IPv4 literal or an IPv6 literal in
/// brackets, and optionally a port of 1 to 65535.
struct Authority {
  std::string_view host;   ///< as written; IPv6 without brackets
  std::uint16_t port = 0;  ///< 0: not given
  bool ipv6 = false;
};
/// False where `text` is no authority: empty, user info, path, white space, bad port, zone, percent sign.
bool parse_authority(std::string_view text, Authority& out);

/// The URL of an upstream, checked when the configuration is loaded (attack case T238: user info, fragment,
/// control characters, spaces, other schemes are refused).
struct Url {
  bool tls = false;        ///< https
  std::string host;        ///< lower case, IPv6 without brackets
  std::uint16_t port = 0;  ///< the scheme's own where none was written
  std::string target;      ///< path and query as written, `/` where empty
  std::string authority;   ///< for the Host field: brackets, port only where not the scheme's own

  std::string origin() const;  ///< `https://host[:port]`
};
Result<Url> parse_url(std::string_view text);

}  // namespace doorward::http
