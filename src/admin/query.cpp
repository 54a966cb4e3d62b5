#include "admin/query.h"

#include <algorithm>
#include <optional>

#include "http/form.h"

namespace doorward::admin {
namespace {

constexpr std::size_t kMostMembers = 64;

}  // namespace

Result<std::vector<std::pair<std::string, std::string>>> read_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> members;
  while (!query.empty()) {
    const std::size_t amp = query.find('&');
    const std::string_view pair = query.substr(0, amp);
    query.remove_prefix(amp == std::string_view::npos ? query.size() : amp + 1);
    if (pair.empty() || members.size() == kMostMembers) {
      return fail(ErrorKind::invalid, "the query cannot be read; write it like a=1&b=2");
    }
    const std::size_t equals = pair.find('=');
    auto name = http::percent_decode(pair.substr(0, equals));
    auto value =
        equals == std::string_view::npos ? std::optional<std::string>("") : http::percent_decode(pair.substr(equals + 1));
    if (!name || !value) {
      return fail(ErrorKind::invalid, "the query has a % that two hexadecimal digits do not follow");
    }
    if (std::ranges::find(members, *name, &std::pair<std::string, std::string>::first) != members.end()) {
      return fail(ErrorKind::invalid, "\"" + *name + "\" is there twice");
    }
    members.emplace_back(std::move(*name), std::move(*value));
  }
  return members;
}

}  // namespace doorward::admin
