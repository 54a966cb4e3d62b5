#include <chrono>

#include "base/text.h"

#include "policy/loader.h"

namespace doorward::policy {
namespace {

/// Takes exactly `digits` digits and then `after` (unless it is NUL); -1 where they are not there.
int take(std::string_view& text, std::size_t digits, char after) {
  if (text.size() < digits + (after == 0 ? 0 : 1)) return -1;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (!is_digit(text[i])) return -1;
    value = value * 10 + (text[i] - '0');
  }
  if (after != 0 && to_lower(text[digits]) != after) return -1;
  text.remove_prefix(digits + (after == 0 ? 0 : 1));
  return value;
}

/// The offset in minutes of `Z`, `+hh:mm` or `-hh:mm`, to the end of the text.
std::optional<int> take_offset(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (!text.starts_with('+') && !text.starts_with('-')) return std::nullopt;
  const int sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  const int hours = take(text, 2, ':');
  const int minutes = take(text, 2, 0);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || !text.empty()) return std::nullopt;
  return sign * (hours * 60 + minutes);
}

}  // namespace

std::optional<std::int64_t> parse_rfc3339(std::string_view text) {
  const int year = take(text, 4, '-');
  const int month = take(text, 2, '-');
  const int day = take(text, 2, 't');
  const int hour = take(text, 2, ':');
  const int minute = take(text, 2, ':');
  const int second = take(text, 2, 0);
  if (year < 0 || month < 0 || day < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
      second > 59) {
    return std::nullopt;
  }
  std::int64_t micros = 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    std::size_t digits = 0;
    for (std::int64_t unit = 100'000; digits < text.size() && is_digit(text[digits]); ++digits, unit /= 10) {
      micros += unit * (text[digits] - '0');
    }
    if (digits == 0) return std::nullopt;
    text.remove_prefix(digits);
  }
  const auto offset = take_offset(text);
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!offset || !date.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const std::int64_t seconds = days * 86'400 + hour * 3'600 + (minute - *offset) * 60 + second;
  return seconds * 1'000'000 + micros;
}

}  // namespace doorward::policy
