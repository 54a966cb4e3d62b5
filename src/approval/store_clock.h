#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.h"

namespace doorward::approval {

/// The time by which requests expire: wall time at the start, but never before the latest time in the store, and from
/// there on the time that passes. Setting the machine's clock moves neither an expiry nor a deadline (attack case
/// T307); a restart under a clock that was set back does not make anything last longer. Thread-safe.
class StoreClock {
 public:
  /// `latest_us`: the latest time in the store.
  StoreClock(const Clock& clock, std::int64_t latest_us)
      : clock_(clock), ahead_us_(std::max(clock.wall_us(), latest_us) - clock.monotonic_us()) {}

  std::int64_t now_us() const { return clock_.monotonic_us() + ahead_us_; }
  /// What the wall shows at a time of the store, for people.
  std::int64_t wall_us(std::int64_t store_us) const { return store_us - now_us() + clock_.wall_us(); }

 private:
  const Clock& clock_;
  std::int64_t ahead_us_;
};

}  // namespace doorward::approval
