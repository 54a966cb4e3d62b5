#include "io/clock.h"

#include <ctime>

namespace doorward::io {

namespace {

std::int64_t read_clock(clockid_t which) {
  timespec now{};
  ::clock_gettime(which, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
}

class SystemClock final : public Clock {
 public:
  std::int64_t monotonic_us() const override { return read_clock(CLOCK_MONOTONIC); }
  std::int64_t wall_us() const override { return read_clock(CLOCK_REALTIME); }
};

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

}  // namespace doorward::io
