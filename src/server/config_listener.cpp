#include "server/config_listener.h"

#include <algorithm>
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
