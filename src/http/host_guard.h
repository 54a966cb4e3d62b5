#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace doorward::http {

/// Who may be addressed and from which web pages: the protection against DNS rebinding (attack cases T077,
/// T226). Immutable once built.
class HostGuard {
 public:
  /// A listener on `port` that speaks `http` or `https`: its loopback names (`localhost`, `127.0.0.1`, `[::1]`)
  /// with that port are allowed, and what is allowed below.
  explicit HostGuard(std::uint16_t port, std::string_view scheme = "http");

  /// `host[:port]`; without a port the listener's own port, 80 and 443 are meant (a proxy in front hides
  /// ours).
  Status allow_host(std::string_view authority);
  /// `scheme://host[:port]`, exactly as a browser sends it.
  Status allow_origin(std::string_view origin);

  /// Of the Host value that RequestHead accepted. ASCII case aside exact; a trailing dot is another name.
  bool host_allowed(std::string_view host_value) const;
  /// Of the Origin value: our own loopback origins or a listed one; `null` never. Ask only where Origin is
  /// present.
  bool origin_allowed(std::string_view origin_value) const;

 private:
  std::uint16_t port_;
  std::vector<std::string> hosts_;    // lower case, with port
  std::vector<std::string> origins_;  // lower case
};

}  // namespace doorward::http
