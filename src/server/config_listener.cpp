#include "server/config_listener.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace doorward::server {
namespace {

bool is_printable(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F; });
}

bool is_origin(std::string_view text) {
  const std::size_t scheme = text.find("://");
  if (!is_printable(text) || scheme == 0 || scheme == std::string_view::npos) return false;
  const std::string_view rest = text.substr(scheme + 3);
  return !rest.empty() && rest.find_first_of("/?#@*") == std::string_view::npos;
}

bool is_host(std::string_view text) {
  return is_printable(text) && text.find_first_of("/?#@*") == std::string_view::npos;
}

}  // namespace

bool is_listen_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon + 1 == text.size()) return false;
  unsigned port = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, port);
  if (error != std::errc() || stop != end || port > 65'535) return false;
  std::string host = text.substr(0, colon);
  unsigned char address[16];
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    return inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), address) == 1;
  }
  return inet_pton(AF_INET, host.c_str(), address) == 1;
}

std::vector<std::string> read_hosts(Fields& fields, FileContext& context) {
  std::vector<std::string> hosts = fields.take_texts("allowed_hosts");
  for (const std::string& host : hosts) {
    if (is_host(host)) continue;
    context.report(
        *fields.node().find("allowed_hosts"),
        "\"" + host + "\" is no host; write it as a Host header has it, such as mcp.example.com:8443");
  }
  return hosts;
}

std::vector<std::string> read_origins(Fields& fields, FileContext& context) {
  std::vector<std::string> origins = fields.take_texts("allowed_origins");
  for (const std::string& origin : origins) {
    if (is_origin(origin)) continue;
    context.report(
        *fields.node().find("allowed_origins"),
        "\"" + origin + "\" is no origin; write scheme://host or scheme://host:port without a path");
  }
  return origins;
}

}  // namespace doorward::server
