#pragma once

#include <cstdint>

namespace doorward::io {

/// The source of time of a loop; tests inject their own. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::int64_t monotonic_us() const = 0;  ///< CLOCK_MONOTONIC, microseconds
  virtual std::int64_t wall_us() const = 0;       ///< CLOCK_REALTIME, microseconds since 1970
};

/// The machine's clock.
const Clock& system_clock();

}  // namespace doorward::io
