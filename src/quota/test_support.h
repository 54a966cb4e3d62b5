#pragma once

#include <cstdint>
#include <string>

#include "quota/table.h"

namespace doorward::quota {

inline constexpr std::int64_t kSecondUs = 1'000'000;
/// 2026-01-01T00:00:00Z, a Thursday, at the edge of every window but the week.
inline constexpr std::int64_t kNewYear = 1'767'225'600 * kSecondUs;

inline Now at(std::int64_t us) {
  return {us, us};
}

inline Demand demand(const std::string& name, Window window, std::int64_t max, std::int64_t amount = 1,
                     const TimeZone* zone = nullptr) {
  const CounterKey key = counter_key({"srv", HolderKind::grant, "grant-1", name, window, zone});
  return {key, window, zone, max * kOne, amount * kOne, 0};
}

/// One call with one demand, as reserve() judges it.
inline Outcome call(Table& table, Demand one, Now now) {
  Reservation reservation;
  return table.reserve({&one, 1}, now, reservation);
}

}  // namespace doorward::quota
