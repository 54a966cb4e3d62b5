#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "gateway/world.h"

namespace doorward::gateway {

/// Bounds and times of the listener side; defaults are those of docs/configuration.md.
struct Options {
  std::string listen = "127.0.0.1:8420";  ///< numeric address and port; port 0: any free one
  std::string state;                      ///< the state directory, prepared and locked by the caller
  unsigned workers = 0;                   ///< 0: one per core
  bool power_durability = false;
  std::vector<std::string> allowed_hosts;
  std::vector<std::string> allowed_origins;
  std::size_t body_bytes = 4u << 20;
  std::size_t connections = 20'000;
  std::size_t connections_per_peer = 0;  ///< 0: no cap
  std::chrono::milliseconds header_timeout{10'000};
  std::chrono::milliseconds body_timeout{30'000};
  std::chrono::milliseconds idle_timeout{75'000};
  std::chrono::milliseconds session_timeout{3'600'000};
  std::size_t ring_bytes = 4u << 20;
  std::uint64_t segment_bytes = 64u << 20;
  std::chrono::milliseconds sync_interval{1'000};
  std::chrono::hours retention{400 * 24};
};

}  // namespace doorward::gateway
