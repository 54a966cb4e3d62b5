#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace doorward {

/// A span of the local calendar; a week begins on Monday (ISO 8601).
enum class Period : std::uint8_t { day, week, month };

/// What a clock on the wall of a zone shows.
struct LocalTime {
  std::uint8_t hour;     ///< 0 to 23
  std::uint8_t weekday;  ///< 0 is Monday, 6 is Sunday

  friend bool operator==(LocalTime, LocalTime) = default;
};

/// The half-open span [begin, end) of a period, in seconds since the epoch.
struct PeriodSpan {
  std::int64_t begin;
  std::int64_t end;

  friend bool operator==(PeriodSpan, PeriodSpan) = default;
};

/// A time zone of the IANA database, as the system's tzdata has it, with every transition from 1900 to 2200
/// in memory. Objects are made by find() and utc() alone, live as long as the process, and are safe to use
/// from every thread; their members neither lock nor allocate. Before 1900 and after 2200 the nearest offset
/// holds.
class TimeZone {
 public:
  /// The zone of an exact IANA name such as `Europe/Berlin` (case matters, links such as `Asia/Calcutta` are
  /// found). not_found for any other text; unavailable where the system has no tzdata. `UTC` needs no tzdata.
  /// The first call for a name reads files and takes a lock.
  static Result<const TimeZone*> find(std::string_view name);
  static const TimeZone& utc();

  /// The name under which it was found.
  const std::string& name() const { return name_; }

  LocalTime local(std::int64_t unix_seconds) const;

  /// The period that holds an instant: from the first instant of its first local date to that of the date
  /// after its last (policy.md section 5). Where midnight does not exist the date begins with the first
  /// instant after the gap; where it comes twice, with the first. So days last 23, 24 or 25 hours, and the
  /// periods of a zone neither overlap nor leave a gap.
  PeriodSpan period(Period period, std::int64_t unix_seconds) const;
  std::int64_t period_start(Period kind, std::int64_t unix_seconds) const {
    return period(kind, unix_seconds).begin;
  }
  std::int64_t period_end(Period kind, std::int64_t unix_seconds) const {
    return period(kind, unix_seconds).end;
  }

 private:
  friend struct TimeZoneLoader;

  /// From `begin` on, local time is UTC plus `offset` seconds, until the next segment begins.
  struct Segment {
    std::int64_t begin;
    std::int64_t offset;
  };

  explicit TimeZone(std::string name) : name_(std::move(name)) {}
  std::size_t segment_at(std::int64_t unix_seconds) const;
  std::int64_t first_instant(std::int64_t local_day) const;

  std::string name_;
  std::vector<Segment> segments_;  ///< ascending; the first begins at the least value
};

}  // namespace doorward
