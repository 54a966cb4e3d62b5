#include "quota/counter.h"

#include <algorithm>

namespace doorward::quota {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

std::int64_t divide_up(std::int64_t value, std::int64_t by) {
  return (value + by - 1) / by;
}

Period period_of(Window::Kind kind) {
  switch (kind) {
    case Window::Kind::week:
      return Period::week;
    case Window::Kind::month:
      return Period::month;
    case Window::Kind::day:
    case Window::Kind::rolling:
      break;
  }
  return Period::day;
}

}  // namespace

std::int64_t slice_of(std::int64_t time_us, std::uint32_t window_seconds) {
  return std::max<std::int64_t>(time_us, 0) * 60 / (window_seconds * kSecond);
}

std::int64_t slice_start_us(std::int64_t slice, std::uint32_t window_seconds) {
  // Whole windows first: the product of a slice's number and a long window would overflow.
  const std::int64_t window_us = window_seconds * kSecond;
  return slice / 60 * window_us + divide_up(slice % 60 * window_us, 60);
}

std::int64_t second_of(std::int64_t time_us) {
  return time_us / kSecond - (time_us % kSecond < 0 ? 1 : 0);
}

std::int64_t& Counter::cell(std::int64_t number) {
  return static_cast<RollingCounter*>(this)->slices[static_cast<std::size_t>(number % kSlices)];
}

std::int64_t Counter::slice(std::int64_t number) const {
  return static_cast<const RollingCounter*>(this)->slices[static_cast<std::size_t>(number % kSlices)];
}

void Counter::set_period(std::int64_t wall_us) {
  const PeriodSpan span = zone->period(period_of(kind), second_of(wall_us));
  newest = span.begin;
  end = span.end;
}

void Counter::begin(Window window, const TimeZone* calendar, Now now) {
  kind = window.kind;
  total = 0;
  if (kind == Window::Kind::rolling) {
    seconds = std::max<std::uint32_t>(window.seconds, 1);
    newest = slice_of(now.steady_us, seconds);
    static_cast<RollingCounter*>(this)->slices.fill(0);
    return;
  }
  seconds = 0;
  zone = calendar != nullptr ? calendar : &TimeZone::utc();
  set_period(now.wall_us);
}

void Counter::advance(Now now) {
  if (!is_rolling()) {
    if (second_of(now.wall_us) < end) return;
    set_period(now.wall_us);
    total = 0;
    return;
  }
  const std::int64_t running = slice_of(now.steady_us, seconds);
  if (running <= newest) return;
  const std::int64_t steps = std::min(running - newest, kSlices);
  for (std::int64_t number = running - steps + 1; number <= running; ++number) {
    total -= cell(number);  // still holds what was counted sixty-one slices earlier
    cell(number) = 0;
  }
  newest = running;
}

std::int64_t Counter::wait_s(std::int64_t max, std::int64_t amount, Now now) const {
  if (amount > max) return Outcome::kNever;
  std::int64_t wait_us = 0;
  if (is_rolling()) {
    std::int64_t surplus = total + amount - max;
    std::int64_t number = newest - kSlices + 1;
    while (number < newest && surplus > slice(number)) surplus -= slice(number++);
    wait_us = slice_start_us(number + kSlices, seconds) - now.steady_us;
  } else {
    wait_us = end * kSecond - now.wall_us;
  }
  return std::max<std::int64_t>(divide_up(wait_us, kSecond), 1);
}

std::int64_t Counter::add(std::int64_t amount) {
  const std::int64_t added = std::min(amount, kSaturated - total);
  total += added;
  if (is_rolling()) cell(newest) += added;
  return added;
}

void Counter::replay(Now then, std::int64_t amount) {
  if (amount < 0) {
    const std::int64_t second = second_of(then.wall_us);
    if (is_rolling()) {
      take_back(slice_of(then.steady_us, seconds), -amount);
    } else if (second >= newest && second < end) {
      take_back(newest, -amount);
    }
    return;
  }
  advance(then);
  const std::int64_t added = std::min(amount, kSaturated - total);
  total += added;
  if (!is_rolling()) return;
  const std::int64_t number = slice_of(then.steady_us, seconds);
  cell(number > newest - kSlices ? number : newest) += added;
}

void Counter::take_back(std::int64_t slot, std::int64_t amount) {
  if (is_rolling()) {
    if (slot > newest || slot <= newest - kSlices) return;
    const std::int64_t taken = std::min(amount, cell(slot));
    cell(slot) -= taken;
    total -= taken;
  } else if (slot == newest) {
    total -= std::min(amount, total);
  }
}

void Counter::settle(Now now) {
  if (!is_rolling()) {
    if (second_of(now.wall_us) < newest) set_period(now.wall_us);
  } else if (const std::int64_t running = slice_of(now.steady_us, seconds); running < newest) {
    std::int64_t later = 0;
    std::array<std::int64_t, kSlices> kept{};
    for (std::int64_t number = std::max<std::int64_t>(newest - kSlices + 1, 0); number <= newest; ++number) {
      if (number >= running) {
        later += cell(number);
      } else {
        kept[static_cast<std::size_t>(number % kSlices)] = cell(number);
      }
    }
    kept[static_cast<std::size_t>(running % kSlices)] = later;
    static_cast<RollingCounter*>(this)->slices = kept;
    newest = running;
  }
  advance(now);
}

}  // namespace doorward::quota
