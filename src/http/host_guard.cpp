#include "http/host_guard.h"

#include <algorithm>

#include "base/text.h"
#include "http/field.h"
#include "http/url.h"

namespace doorward::http {

namespace {

bool listed(const std::vector<std::string>& list, std::string_view value) {
  return std::any_of(list.begin(), list.end(),
                     [value](const std::string& entry) { return equal_ignoring_case(entry, value); });
}

constexpr std::string_view kLoopback[] = {"localhost", "127.0.0.1", "[::1]"};

}  // namespace

HostGuard::HostGuard(std::uint16_t port, std::string_view scheme) : port_(port) {
  const std::string own = ":" + std::to_string(port);
  const std::string start = std::string(scheme) + "://";
  const bool usual_port = port == (scheme == "https" ? 443 : 80);
  for (const std::string_view name : kLoopback) {
    hosts_.push_back(std::string(name) + own);
    origins_.push_back(start + std::string(name) + own);
    if (!usual_port) continue;
    hosts_.emplace_back(name);
    origins_.push_back(start + std::string(name));
  }
}

Status HostGuard::allow_host(std::string_view authority) {
  Authority parsed;
  if (!parse_authority(authority, parsed)) {
    return fail(ErrorKind::invalid, "the allowed host " + std::string(authority) +
                                        " is no host name; write `name` or `name:port`");
  }
  hosts_.emplace_back(authority);
  if (parsed.port == 0) {
    for (const int port : {int{port_}, 80, 443})
      hosts_.push_back(std::string(authority) + ":" + std::to_string(port));
  }
  return {};
}

Status HostGuard::allow_origin(std::string_view origin) {
  const auto url = parse_url(origin);
  if (!url || !equal_ignoring_case(url->origin(), origin)) {
    return fail(ErrorKind::invalid,
                "the allowed origin " + std::string(origin) +
                    " is none; write `https://name` or `https://name:port`, without a path");
  }
  origins_.emplace_back(origin);
  return {};
}

bool HostGuard::host_allowed(std::string_view host_value) const {
  return listed(hosts_, host_value);
}

bool HostGuard::origin_allowed(std::string_view origin_value) const {
  return listed(origins_, origin_value);
}

}  // namespace doorward::http
