#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_map>

namespace doorward::gateway {

/// Open connections by peer address, for the cap on one peer (attack case T104). Thread-safe; asked when a
/// connection opens and closes, never on the path of a call.
class PeerCounts {
 public:
  /// False where the peer has `cap` connections already; else counts one more. A cap of 0 is none.
  bool enter(const std::string& address, std::size_t cap) {
    if (cap == 0) return true;
    const std::lock_guard lock(mutex_);
    std::size_t& count = counts_[address];
    if (count >= cap) return false;
    ++count;
    return true;
  }
  void leave(const std::string& address, std::size_t cap) {
    if (cap == 0) return;
    const std::lock_guard lock(mutex_);
    const auto found = counts_.find(address);
    if (found != counts_.end() && --found->second == 0) counts_.erase(found);
  }

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, std::size_t> counts_;
};

}  // namespace doorward::gateway
