#pragma once

#include <algorithm>
#include <cstdint>

namespace doorward::upstream {

/// The pauses between attempts to reach what failed: each is twice the one before, between two bounds.
class Backoff {
 public:
  Backoff(std::int64_t first_us, std::int64_t longest_us) : first_us_(first_us), longest_us_(longest_us) {}

  /// An attempt has failed. Those that began together count once.
  void failed(std::int64_t now_us) {
    if (now_us < until_us_) return;
    pause_us_ = std::clamp(pause_us_ * 2, first_us_, longest_us_);
    until_us_ = now_us + pause_us_;
  }
  void succeeded() { pause_us_ = until_us_ = 0; }

  /// Whether the latest attempt failed.
  bool failing() const { return pause_us_ > 0; }
  /// How long to wait for the next attempt; 0: it may begin.
  std::int64_t wait_us(std::int64_t now_us) const { return std::max<std::int64_t>(until_us_ - now_us, 0); }
  std::int64_t until_us() const { return until_us_; }

 private:
  std::int64_t first_us_;
  std::int64_t longest_us_;
  std::int64_t pause_us_ = 0;
  std::int64_t until_us_ = 0;
};

}  // namespace doorward::upstream
