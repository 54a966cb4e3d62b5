#pragma once

#include <cstdint>
#include <string>

#include "gateway/call_counters.h"

namespace doorward::server {

/// What `/metrics` tells, beside the workers' counts.
struct Gauges {
  std::size_t connections = 0;
  bool log_accepting = true;
  std::uint64_t log_failures = 0;
  std::uint64_t log_records = 0;       ///< written since the epoch began
  std::uint64_t log_lost = 0;
  std::uint64_t approvals_waiting = 0;
  std::size_t listeners = 0;  ///< of the event stream
  std::int64_t started_us = 0;
};

/// The text format 0.0.4 of Prometheus. Labels are words of the program, never names that a client made.
std::string metrics_text(const gateway::CallCounters::Totals& totals, const Gauges& gauges);

}  // namespace doorward::server
