#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mcp/sse.h"

namespace doorward::upstream {

/// What an event stream has said of how it can be taken up again: the id of its last event and how long to
/// wait (WHATWG HTML, section 9.2; MCP 2025-11-25, "Resumability and Redelivery").
class ResumePoint {
 public:
  void reset();

  /// Notes an event. False: it was delivered before the stream was taken up again, so nobody wants it.
  bool take(const mcp::SseEvent& event);
  /// Another connection carries the stream on.
  void taken_up() {
    repeats_ = true;
    progress_ = false;
  }

  /// Whether the stream can be taken up again: its last id can be repeated in a header.
  bool usable() const { return !id_.empty(); }
  std::string_view id() const { return id_; }
  std::optional<std::uint32_t> retry_ms() const { return retry_ms_; }
  /// Whether the present connection has brought anything new.
  bool progress() const { return progress_; }

 private:
  std::string id_;
  std::optional<std::uint32_t> retry_ms_;
  std::vector<std::size_t> seen_;  ///< hashes of the ids of the latest events
  std::size_t next_ = 0;           ///< where in `seen_` the next one goes once it is full
  bool repeats_ = false;
  bool progress_ = false;
};

}  // namespace doorward::upstream
