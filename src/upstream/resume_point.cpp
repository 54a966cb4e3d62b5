#include "upstream/resume_point.h"

#include <algorithm>

namespace doorward::upstream {
namespace {

constexpr std::size_t kLongestId = 1024;
/// How many events a server may repeat without our delivering them twice.
constexpr std::size_t kRemembered = 256;

/// Whether a header's value can hold the id as it is.
bool repeatable(std::string_view id) {
  return id.size() <= kLongestId && !id.starts_with(' ') && !id.ends_with(' ') &&
         std::all_of(id.begin(), id.end(),
                     [](unsigned char c) { return c >= 0x20 && c != 0x7f; });
}

}  // namespace

void ResumePoint::reset() {
  id_.clear();
  retry_ms_.reset();
  seen_.clear();
  next_ = 0;
  repeats_ = progress_ = false;
}

bool ResumePoint::take(const mcp::SseEvent& event) {
  if (event.retry_ms) retry_ms_ = event.retry_ms;
  if (event.named) {
    const std::size_t hash = std::hash<std::string_view>{}(event.id);
    if (repeats_ && std::find(seen_.begin(), seen_.end(), hash) != seen_.end()) return false;
    if (seen_.size() < kRemembered) {
      seen_.push_back(hash);
    } else {
      seen_[next_] = hash;
      next_ = (next_ + 1) % kRemembered;
    }
    id_ = repeatable(event.id) ? event.id : std::string_view{};
  }
  progress_ = true;
  return true;
}

}  // namespace doorward::upstream
