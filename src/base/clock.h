#pragma once

#include <atomic>
#include <cstdint>

namespace doorward {

/// The seam through which everything above the pure rooms reads time. Implementations are thread-safe.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  /// Microseconds since 1970-01-01T00:00:00Z. May jump in both directions when somebody sets the clock.
  virtual std::int64_t wall_us() const = 0;
  /// Microseconds since an arbitrary moment; never goes backwards and knows no steps. For timers and
  /// intervals.
  virtual std::int64_t monotonic_us() const = 0;
};

/// CLOCK_REALTIME and CLOCK_MONOTONIC. One object for the whole process.
const Clock& system_clock();

/// A clock that moves only when told to. Thread-safe.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(std::int64_t wall_us = 1'767'225'600'000'000, std::int64_t monotonic_us = 1'000'000)
      : wall_us_(wall_us), monotonic_us_(monotonic_us) {}

  std::int64_t wall_us() const override { return wall_us_.load(std::memory_order_relaxed); }
  std::int64_t monotonic_us() const override { return monotonic_us_.load(std::memory_order_relaxed); }

  /// Time passes: both clocks move.
  void advance_us(std::int64_t us) {
    wall_us_.fetch_add(us, std::memory_order_relaxed);
    monotonic_us_.fetch_add(us, std::memory_order_relaxed);
  }
  /// Somebody sets the clock: only the wall moves, forwards or backwards.
  void step_wall_us(std::int64_t us) { wall_us_.fetch_add(us, std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> wall_us_;
  std::atomic<std::int64_t> monotonic_us_;
};

}  // namespace doorward
