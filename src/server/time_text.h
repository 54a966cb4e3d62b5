#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/rfc3339.h"

namespace doorward::server {

/// For filters: a time, or a duration before `now_us` such as `15m` and `7d`. Microseconds since
/// 1970-01-01T00:00:00Z.
std::optional<std::int64_t> parse_past(std::string_view text, std::int64_t now_us);

/// For expiries: a time, or a duration from `now_us` on such as `30d`.
std::optional<std::int64_t> parse_future(std::string_view text, std::int64_t now_us);

}  // namespace doorward::server
