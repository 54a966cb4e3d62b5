#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "quota/counter_key.h"
#include "quota/table.h"

namespace doorward::quota {

/// Slices that a rolling window holds: the running one and the sixty before it.
inline constexpr std::int64_t kSlices = 61;
/// No count goes past this, so that sums of a count and an amount cannot overflow (observe mode counts past
/// max).
inline constexpr std::int64_t kSaturated = 4 * kLargest;

/// One count. All but `owner`, `key_*` and `next` is read and written under ownership only. Made and used
/// again by the table, never freed before it, so that a stale pointer is safe to own and to look at: its key
/// says whether it is still the counter that was meant.
struct alignas(64) Counter {
  std::atomic<std::uint8_t> owner{0};
  Window::Kind kind = Window::Kind::rolling;
  std::uint32_t seconds = 0;  ///< of a rolling window
  std::atomic<std::uint64_t> key_high{0};
  std::atomic<std::uint64_t> key_low{0};
  const TimeZone* zone = nullptr;  ///< of a calendar window
  std::int64_t total = 0;
  std::int64_t newest = 0;  ///< rolling: number of the newest slice; calendar: first second of the period
  std::int64_t end = 0;     ///< calendar: first second after the period
  std::atomic<Counter*> next{nullptr};

  bool is_rolling() const { return kind == Window::Kind::rolling; }
  CounterKey key() const {
    return {key_high.load(std::memory_order_relaxed), key_low.load(std::memory_order_relaxed)};
  }
  void set_key(const CounterKey& key) {
    key_high.store(key.high, std::memory_order_relaxed);
    key_low.store(key.low, std::memory_order_relaxed);
  }
  Window window() const { return {kind, seconds}; }

  /// Begins an empty count. Time is the table's: steady for a rolling window, wall for a calendar one.
  void begin(Window window, const TimeZone* calendar, Now now);
  /// Moves to `now` and forgets what has left the window; a time before the newest one changes nothing.
  void advance(Now now);
  /// Whole seconds until `amount` fits under `max` if nobody else adds; it does not fit now. After
  /// advance(now).
  std::int64_t wait_s(std::int64_t max, std::int64_t amount, Now now) const;
  /// Adds to the running slice or period, and returns what was added, less than `amount` only at saturation.
  std::int64_t add(std::int64_t amount);
  /// Adds (or, where negative, takes back) what was recorded at a time, after moving there. What is older
  /// than the window counts as new, and cannot be taken back.
  void replay(Now then, std::int64_t amount);
  /// The running slice's number, or the period's first second.
  std::int64_t slot() const { return newest; }
  /// Takes back what add() put into `slot`, as far as it is still there.
  void take_back(std::int64_t slot, std::int64_t amount);
  /// Moves whatever is later than `now` into the running slice or period, then advances.
  void settle(Now now);

  std::int64_t slice(std::int64_t number) const;

 private:
  std::int64_t& cell(std::int64_t number);
  void set_period(std::int64_t wall_us);
};
static_assert(sizeof(Counter) == 64);

struct RollingCounter : Counter {
  std::array<std::int64_t, kSlices> slices{};
};

/// The key of a counter that was dropped; no digest is all zeros.
inline constexpr CounterKey kNoKey{0, 0};

/// The number of the slice of a window that holds a time; both count from the epoch. Slices of 7 seconds'
/// sixtieths are no whole microseconds, hence the exact fraction.
std::int64_t slice_of(std::int64_t time_us, std::uint32_t window_seconds);
/// The first whole microsecond of a slice.
std::int64_t slice_start_us(std::int64_t slice, std::uint32_t window_seconds);

/// The second that holds a time.
std::int64_t second_of(std::int64_t time_us);

}  // namespace doorward::quota
