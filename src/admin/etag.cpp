#include "admin/etag.h"

#include "base/encoding.h"
#include "base/hash.h"

namespace doorward::admin {

std::string etag_of(std::string_view body) {
  return '"' + to_hex(sha256(body)).substr(0, 32) + '"';
}

bool etag_listed(std::string_view list, std::string_view etag) {
  for (;;) {
    const std::size_t comma = list.find(',');
    std::string_view item = list.substr(0, comma);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (item == "*" || item == etag) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace doorward::admin
