#include "identity/throttle.h"

#include <algorithm>
#include <utility>

namespace doorward::identity {
namespace {

constexpr std::int64_t kForgetUs = 3'600'000'000;
constexpr std::int64_t kFirstWaitUs = 1'000'000;

/// Keys of the three kinds never meet: each begins with its kind, and the user comes with its length.
std::string pair_key(std::string_view user, std::string_view address) {
  return "p" + std::to_string(user.size()) + ":" + std::string(user) + std::string(address);
}
std::string address_key(std::string_view address) {
  return "a" + std::string(address);
}
std::string user_key(std::string_view user) {
  return "u" + std::string(user);
}

}  // namespace

Throttle::Entry& Throttle::entry(std::string key, std::int64_t now_us) {
  if (const auto found = index_.find(key); found != index_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
    Entry& known = entries_.front();
    if (now_us - known.last_us > kForgetUs) {
      known.failures = 0;
      known.until_us = 0;
    }
    return known;
  }
  if (entries_.size() == kMostEntries) {
    index_.erase(entries_.back().key);
    entries_.pop_back();
  }
  entries_.push_front({.key = std::move(key), .last_us = now_us});
  index_.emplace(entries_.front().key, entries_.begin());
  return entries_.front();
}

void Throttle::count(Entry& entry, const Bound& bound, std::int64_t now_us) {
  ++entry.failures;
  entry.last_us = now_us;
  if (entry.failures < bound.free) return;
  const unsigned doublings = std::min(entry.failures - bound.free, 20u);
  entry.until_us = now_us + std::min(kFirstWaitUs << doublings, bound.most_us);
}

std::int64_t Throttle::begin(std::string_view user, std::string_view address, std::int64_t now_us) {
  Entry& pair = entry(pair_key(user, address), now_us);
  Entry& whole_address = entry(address_key(address), now_us);
  Entry& whole_user = entry(user_key(user), now_us);
  std::int64_t until_us = pair.until_us;
  if (!pair.known) until_us = std::max({until_us, whole_address.until_us, whole_user.until_us});
  if (until_us > now_us) return until_us - now_us;
  count(pair, kPair, now_us);
  count(whole_address, kAddress, now_us);
  count(whole_user, kUser, now_us);
  return 0;
}

void Throttle::succeeded(std::string_view user, std::string_view address, std::int64_t now_us) {
  Entry& pair = entry(pair_key(user, address), now_us);
  pair.failures = 0;
  pair.until_us = 0;
  pair.known = true;
  pair.last_us = now_us;
  for (Entry* one : {&entry(address_key(address), now_us), &entry(user_key(user), now_us)}) {
    if (one->failures > 0) --one->failures;
  }
}

}  // namespace doorward::identity
