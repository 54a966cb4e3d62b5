#pragma once

#include <cstdint>
#include <string_view>

#include "base/timezone.h"

namespace doorward::quota {

/// The span over which a limit counts (policy.md section 5).
struct Window {
  enum class Kind : std::uint8_t { rolling, day, week, month };

  Kind kind = Kind::rolling;
  std::uint32_t seconds = 60;  ///< rolling only; at least 1

  static constexpr Window rolling(std::uint32_t seconds) { return {Kind::rolling, seconds}; }
  static constexpr Window minute() { return rolling(60); }
  static constexpr Window hour() { return rolling(3600); }
  static constexpr Window day() { return {Kind::day, 0}; }
  static constexpr Window week() { return {Kind::week, 0}; }
  static constexpr Window month() { return {Kind::month, 0}; }

  friend bool operator==(Window, Window) = default;
};

/// Who a count belongs to.
enum class HolderKind : std::uint8_t { grant = 1, session = 2, identity = 3, server = 4, organisation = 5 };

/// What makes two limits share one count: all of it, and nothing else (policy.md section 5; attack case
/// T298).
struct CounterName {
  std::string_view server;  ///< UUID or name, the same for all; ignored for the organisation
  HolderKind holder_kind = HolderKind::grant;
  std::string_view holder;  ///< the grant's id, the session's, the identity's (issuer and subject); any bytes
  std::string_view counter;
  Window window;
  const TimeZone* zone = nullptr;  ///< null is UTC; ignored for a rolling window, which knows no calendar
};

/// A 128-bit name of a count. Two different CounterNames have the same key with probability 2^-128.
struct CounterKey {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  friend bool operator==(CounterKey, CounterKey) = default;
};

/// The first 128 bits of SHA-256 over the length-delimited parts: stable across restarts, machines and
/// versions, since snapshots and the log hold it. Under a microsecond; callers keep the keys of a grant
/// instead of asking again for each call.
CounterKey counter_key(const CounterName& name);

}  // namespace doorward::quota
