#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace doorward::server {

/// Tells the service manager about this process (sd_notify(3), without its library): one datagram with lines
/// such as `READY=1` to the socket that $NOTIFY_SOCKET names. Does nothing without one; a failure is nobody's
/// problem.
void sd_notify(std::string_view lines) noexcept;

/// How often `WATCHDOG=1` is due, in microseconds: half of $WATCHDOG_USEC. Nothing where no watchdog waits.
std::optional<std::int64_t> sd_watchdog_interval_us() noexcept;

}  // namespace doorward::server
