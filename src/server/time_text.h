#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace doorward::server {

/// Times are microseconds since 1970-01-01T00:00:00Z.

/// `2027-01-31T23:59:59Z` (RFC 3339), with a fraction where there is one.
std::string format_time(std::int64_t time_us);

/// An RFC 3339 time with `Z` or an offset and at most six digits of fraction, or a date alone (its first
/// instant in UTC). Nothing for any other text and for days that do not exist.
std::optional<std::int64_t> parse_time(std::string_view text);

/// For filters: a time, or a duration before `now_us` such as `15m` and `7d`.
std::optional<std::int64_t> parse_past(std::string_view text, std::int64_t now_us);

/// For expiries: a time, or a duration from `now_us` on such as `30d`.
std::optional<std::int64_t> parse_future(std::string_view text, std::int64_t now_us);

}  // namespace doorward::server
