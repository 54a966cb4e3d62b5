#include "base/timezone.h"

#include <date/tz.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "base/posix_zone.h"

namespace doorward {
namespace {

constexpr std::int64_t kDay = 86'400;
constexpr int kFirstYear = 1900;
constexpr int kLastYear = 2200;
constexpr std::int64_t kLargestOffset = 26 * 3600;

std::int64_t start_of_year(int year) {
  using namespace std::chrono;
  return std::int64_t{sys_days(std::chrono::year(year) / January / 1).time_since_epoch().count()} * kDay;
}

std::int64_t floor_divide(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

/// Only what can be a path below the folder of zones; `posix/` and `right/` are other readings of the same
/// zones.
bool is_zone_name(std::string_view name) {
  if (name.empty() || name.size() > 64 || name.starts_with("posix/") || name.starts_with("right/"))
    return false;
  if (name.front() < 'A' || name.front() > 'Z' || name.back() == '/') return false;
  return std::ranges::all_of(name, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '+' || c == '/';
  });
}

/// The rule for all time after the listed transitions: the last line of the zone's file.
std::optional<PosixZone> rule_of(const std::string& name) {
  for (const char* folder : {"/usr/share/zoneinfo/", "/usr/share/lib/zoneinfo/", "/etc/zoneinfo/"}) {
    std::ifstream file(folder + name, std::ios::binary);
    if (!file) continue;
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    if (bytes.size() < 2 || bytes.back() != '\n') return std::nullopt;
    const std::size_t before = bytes.rfind('\n', bytes.size() - 2);
    if (before == std::string::npos) return std::nullopt;
    return parse_posix_zone(std::string_view(bytes).substr(before + 1, bytes.size() - before - 2));
  }
  return std::nullopt;
}

}  // namespace

struct TimeZoneLoader {
  static std::unique_ptr<TimeZone> fixed(std::string name) {
    std::unique_ptr<TimeZone> zone(new TimeZone(std::move(name)));
    zone->segments_.push_back({std::numeric_limits<std::int64_t>::min(), 0});
    return zone;
  }

  static void append(TimeZone& zone, std::int64_t begin, std::int64_t offset) {
    if (zone.segments_.empty()) begin = std::numeric_limits<std::int64_t>::min();
    if (!zone.segments_.empty() && zone.segments_.back().offset == offset) return;
    zone.segments_.push_back({begin, offset});
  }

  static std::unique_ptr<TimeZone> load(const std::string& name) {
    const date::time_zone* source = date::locate_zone(name);
    std::unique_ptr<TimeZone> zone(new TimeZone(name));
    const std::int64_t last = start_of_year(kLastYear);
    std::int64_t at = start_of_year(kFirstYear);
    std::int64_t listed = at;  // the last transition that the library knows
    while (at < last) {
      const date::sys_info info = source->get_info(date::sys_seconds(std::chrono::seconds(at)));
      append(*zone, at, info.offset.count());
      listed = at;
      at = info.end.time_since_epoch().count();
    }
    if (const auto rule = rule_of(name)) extend(*zone, *rule, listed, last);
    return zone;
  }

  static void extend(TimeZone& zone, const PosixZone& rule, std::int64_t after, std::int64_t last) {
    if (!rule.changes) {
      if (zone.segments_.back().offset != rule.standard) append(zone, after + 1, rule.standard);
      return;
    }
    std::vector<TimeZone::Segment> later;
    for (int year = kFirstYear; year < kLastYear; ++year) {
      const auto [summer, standard] = rule.changes_of(year);
      later.push_back({summer, rule.summer});
      later.push_back({standard, rule.standard});
    }
    std::ranges::sort(later, {}, &TimeZone::Segment::begin);
    for (const auto& segment : later) {
      if (segment.begin > after && segment.begin < last) append(zone, segment.begin, segment.offset);
    }
  }
};

Result<const TimeZone*> TimeZone::find(std::string_view name) {
  if (name == "UTC") return &utc();
  if (!is_zone_name(name)) {
    return fail(ErrorKind::not_found, "no time zone has this name; use an IANA name such as Europe/Berlin");
  }
  static std::mutex mutex;
  static auto& zones = *new std::map<std::string, std::unique_ptr<TimeZone>, std::less<>>;
  const std::lock_guard guard(mutex);
  if (const auto known = zones.find(name); known != zones.end()) return known->second.get();
  const std::string text(name);
  try {
    date::get_tzdb();
  } catch (const std::exception&) {
    return fail(ErrorKind::unavailable,
                "the system has no time zone database; install the package tzdata to use " + text);
  }
  try {
    return zones.emplace(text, TimeZoneLoader::load(text)).first->second.get();
  } catch (const std::exception&) {
    return fail(
        ErrorKind::not_found,
        "time zone " + text + " is not in the system's database; use an IANA name such as Europe/Berlin");
  }
}

const TimeZone& TimeZone::utc() {
  static const TimeZone& zone = *TimeZoneLoader::fixed("UTC").release();
  return zone;
}

std::size_t TimeZone::segment_at(std::int64_t unix_seconds) const {
  const auto after = std::ranges::upper_bound(segments_, unix_seconds, {}, &Segment::begin);
  return after == segments_.begin() ? 0 : static_cast<std::size_t>(after - segments_.begin()) - 1;
}

LocalTime TimeZone::local(std::int64_t unix_seconds) const {
  const std::int64_t seconds = unix_seconds + segments_[segment_at(unix_seconds)].offset;
  const std::int64_t day = floor_divide(seconds, kDay);
  const std::int64_t thursday_first = (day + 3) % 7;  // 1970-01-01 was a Thursday
  return {static_cast<std::uint8_t>((seconds - day * kDay) / 3600),
          static_cast<std::uint8_t>(thursday_first < 0 ? thursday_first + 7 : thursday_first)};
}

std::int64_t TimeZone::first_instant(std::int64_t local_day) const {
  const std::int64_t midnight = local_day * kDay;
  for (std::size_t i = segment_at(midnight - kLargestOffset);; ++i) {
    const Segment& segment = segments_[i];
    const bool is_last = i + 1 == segments_.size();
    // The first segment in which a clock shows this date or a later one at its end.
    if (is_last || segments_[i + 1].begin + segment.offset > midnight) {
      return std::max(segment.begin, midnight - segment.offset);
    }
  }
}

PeriodSpan TimeZone::period(Period period, std::int64_t unix_seconds) const {
  using namespace std::chrono;
  std::int64_t day = floor_divide(unix_seconds + segments_[segment_at(unix_seconds)].offset, kDay);
  // A clock set back across midnight shows yesterday again, but the new date has begun for good.
  while (first_instant(day + 1) <= unix_seconds) ++day;

  switch (period) {
    case Period::day:
      return {first_instant(day), first_instant(day + 1)};
    case Period::week: {
      const std::int64_t monday = floor_divide(day + 3, 7) * 7 - 3;
      return {first_instant(monday), first_instant(monday + 7)};
    }
    case Period::month:
      break;
  }
  const year_month_day date{sys_days(days(day))};
  const sys_days first(date.year() / date.month() / 1);
  const sys_days next((date.year() / date.month() + months(1)) / 1);
  return {first_instant(first.time_since_epoch().count()), first_instant(next.time_since_epoch().count())};
}

}  // namespace doorward
