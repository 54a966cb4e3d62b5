#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace doorward {

/// When, in a year, a POSIX time zone changes its offset.
struct PosixChange {
  enum class Kind : std::uint8_t { julian, day_of_year, month_week_day };
  Kind kind = Kind::month_week_day;
  int day =
      0;  ///< julian: 1 to 365, February 29 never counted; day_of_year: 0 to 365; else weekday, 0 is Sunday
  int week = 0;              ///< 1 to 5, 5 is the last
  int month = 0;             ///< 1 to 12
  std::int64_t time = 7200;  ///< seconds after local midnight, may be negative or more than a day
};

/// The rule in the last line of a TZif file (RFC 8536 section 3.3), which says what holds after the last
/// listed transition. Packaged tzdata lists transitions to 2037 or, in its slim form, not even to today.
struct PosixZone {
  std::int64_t standard = 0;  ///< seconds east of UTC
  std::int64_t summer = 0;
  std::optional<std::pair<PosixChange, PosixChange>>
      changes;  ///< to summer time and back; none: standard always

  /// The instants, in seconds since the epoch, at which a year's summer time begins and ends.
  std::pair<std::int64_t, std::int64_t> changes_of(int year) const;
};

/// Reads such as `CET-1CEST,M3.5.0,M10.5.0/3` and `<+0330>-3:30`, hours up to 167 included. Nothing for other
/// text.
std::optional<PosixZone> parse_posix_zone(std::string_view text);

}  // namespace doorward
