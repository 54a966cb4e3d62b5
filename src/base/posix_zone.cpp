#include "base/posix_zone.h"

#include <chrono>

#include "base/text.h"

namespace doorward {
namespace {

class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  bool peek(char c) const { return !rest_.empty() && rest_.front() == c; }
  bool take(char c) {
    if (!peek(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool name() {
    std::size_t size = 0;
    if (take('<')) {
      while (size < rest_.size() && rest_[size] != '>') ++size;
      if (size == rest_.size()) return false;
      rest_.remove_prefix(size + 1);
    } else {
      while (size < rest_.size() && is_alpha(rest_[size])) ++size;
      rest_.remove_prefix(size);
    }
    return size >= 3;
  }

  std::optional<int> number(int least, int most) {
    if (rest_.empty() || !is_digit(rest_.front())) return std::nullopt;
    int value = 0;
    for (int digits = 0; !rest_.empty() && is_digit(rest_.front()); ++digits) {
      if (digits == 3) return std::nullopt;
      value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    if (value < least || value > most) return std::nullopt;
    return value;
  }

  std::optional<std::int64_t> time() {
    const bool negative = take('-');
    if (!negative) take('+');
    std::int64_t seconds = 0;
    const auto hours = number(0, 167);
    if (!hours) return std::nullopt;
    seconds = *hours * 3600;
    for (std::int64_t unit : {60, 1}) {
      if (!take(':')) break;
      const auto part = number(0, 59);
      if (!part) return std::nullopt;
      seconds += *part * unit;
    }
    return negative ? -seconds : seconds;
  }

  std::optional<PosixChange> change() {
    PosixChange change;
    std::optional<int> day;
    if (take('M')) {
      const auto month = number(1, 12);
      if (!month || !take('.')) return std::nullopt;
      const auto week = number(1, 5);
      if (!week || !take('.')) return std::nullopt;
      day = number(0, 6);
      change.month = *month;
      change.week = *week;
    } else if (take('J')) {
      change.kind = PosixChange::Kind::julian;
      day = number(1, 365);
    } else {
      change.kind = PosixChange::Kind::day_of_year;
      day = number(0, 365);
    }
    if (!day) return std::nullopt;
    change.day = *day;
    if (take('/')) {
      const auto at = time();
      if (!at) return std::nullopt;
      change.time = *at;
    }
    return change;
  }

 private:
  std::string_view rest_;
};

/// Seconds since the epoch of the change's local time, read as if it were UTC.
std::int64_t local_seconds(const PosixChange& change, int year) {
  using namespace std::chrono;
  const std::chrono::year y(year);
  sys_days day;
  switch (change.kind) {
    case PosixChange::Kind::julian:
      day = sys_days(y / January / 1) + days(change.day - 1);
      if (y.is_leap() && change.day > 59) day += days(1);
      break;
    case PosixChange::Kind::day_of_year:
      day = sys_days(y / January / 1) + days(change.day);
      break;
    case PosixChange::Kind::month_week_day: {
      const weekday on(static_cast<unsigned>(change.day));
      const auto in = y / month(static_cast<unsigned>(change.month));
      day =
          change.week == 5 ? sys_days(in / on[last]) : sys_days(in / on[static_cast<unsigned>(change.week)]);
      break;
    }
  }
  return std::int64_t{day.time_since_epoch().count()} * 86'400 + change.time;
}

}  // namespace

std::pair<std::int64_t, std::int64_t> PosixZone::changes_of(int year) const {
  return {local_seconds(changes->first, year) - standard, local_seconds(changes->second, year) - summer};
}

std::optional<PosixZone> parse_posix_zone(std::string_view text) {
  Scanner scanner(text);
  PosixZone zone;
  if (!scanner.name()) return std::nullopt;
  const auto standard = scanner.time();
  if (!standard) return std::nullopt;
  zone.standard = -*standard;  // POSIX counts west as positive
  if (scanner.done()) return zone;

  if (!scanner.name()) return std::nullopt;
  zone.summer = zone.standard + 3600;
  if (!scanner.peek(',')) {
    const auto summer = scanner.time();
    if (!summer) return std::nullopt;
    zone.summer = -*summer;
  }
  if (!scanner.take(',')) return std::nullopt;
  const auto begin = scanner.change();
  if (!begin || !scanner.take(',')) return std::nullopt;
  const auto end = scanner.change();
  if (!end || !scanner.done()) return std::nullopt;
  zone.changes = {*begin, *end};
  return zone;
}

}  // namespace doorward
