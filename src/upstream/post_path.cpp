#include "upstream/post_path.h"

#include <algorithm>

#include "base/text.h"
#include "http/head.h"

namespace doorward::upstream {
namespace {

constexpr std::size_t kLongest = 4096;

/// Removes `.` and `..` from a path that begins with '/' (RFC 3986, section 5.2.4).
std::string without_dots(std::string_view path) {
  std::string clean;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    if (segment == "/.." || segment == "/.") {
      if (segment == "/..") clean.resize(clean.empty() ? 0 : clean.rfind('/'));
      if (path.empty()) clean += '/';
    } else {
      clean += segment;
    }
  }
  return clean;
}

bool same_authority(const HttpTarget& target, std::string_view authority) {
  const std::string_view default_port = target.tls ? ":443" : ":80";
  if (authority.ends_with(default_port) && !std::string_view(target.authority).ends_with(default_port)) {
    authority.remove_suffix(default_port.size());
  }
  return equal_ignoring_case(authority, target.authority);
}

}  // namespace

Result<std::string> post_path(const HttpTarget& stream, std::string_view endpoint) {
  const bool printable =
      std::all_of(endpoint.begin(), endpoint.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (endpoint.empty() || endpoint.size() > kLongest || !printable ||
      endpoint.find_first_of("#\\") != std::string_view::npos) {
    return fail(ErrorKind::invalid, "the server's endpoint event is no URL");
  }
  std::string_view rest = endpoint;
  const std::string_view scheme = stream.tls ? "https:" : "http:";
  if (rest.size() > scheme.size() && equal_ignoring_case(rest.substr(0, scheme.size()), scheme)) {
    rest.remove_prefix(scheme.size());
    if (!rest.starts_with("//")) return fail(ErrorKind::invalid, "the server's endpoint event is no URL");
  } else if (rest.substr(0, rest.find_first_of("/?")).find(':') != std::string_view::npos) {
    return fail(ErrorKind::invalid, "the server's endpoint event names another origin");
  }
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
    if (!same_authority(stream, rest.substr(0, end))) {
      return fail(ErrorKind::invalid, "the server's endpoint event names another origin");
    }
    rest.remove_prefix(end);
    if (!rest.starts_with('/')) return "/" + std::string(rest);
  }
  const std::string_view base = std::string_view(stream.path).substr(0, stream.path.find('?'));
  if (rest.starts_with('?')) return std::string(base) + std::string(rest);
  const std::size_t query = std::min(rest.find('?'), rest.size());
  const std::string folder = rest.starts_with('/') ? "" : std::string(base.substr(0, base.rfind('/') + 1));
  return without_dots(folder + std::string(rest.substr(0, query))) + std::string(rest.substr(query));
}

}  // namespace doorward::upstream
