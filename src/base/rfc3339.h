#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace doorward {

/// Times are microseconds since 1970-01-01T00:00:00Z.

/// `2027-01-31T23:59:59Z` (RFC 3339), with a fraction where there is one.
std::string format_time(std::int64_t time_us);

/// The same without the fraction, for who wants whole seconds.
inline std::string format_seconds(std::int64_t time_us) {
  return format_time(time_us - time_us % 1'000'000);
}

/// An RFC 3339 time with `Z` or an offset and at most six digits of fraction, or a date alone (its first
/// instant in UTC). Nothing for any other text and for days that do not exist.
std::optional<std::int64_t> parse_time(std::string_view text);

}  // namespace doorward
