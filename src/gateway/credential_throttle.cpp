#include "gateway/credential_throttle.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "base/random.h"

namespace doorward::gateway {
namespace {

constexpr std::int64_t kPerTryUs = 1'000'000 / CredentialThrottle::kPerSecond;
constexpr std::int64_t kWholeUs = kPerTryUs * CredentialThrottle::kBurst;

}  // namespace

CredentialThrottle::CredentialThrottle() : places_(std::make_unique<std::array<Place, kPlaces>>()) {
  std::array<std::uint8_t, sizeof(seed_)> bytes{};
  random_bytes(bytes);
  std::memcpy(&seed_, bytes.data(), sizeof(seed_));
}

std::uint64_t CredentialThrottle::hash(std::string_view address) const {
  std::uint64_t value = seed_ ^ 0xcbf29ce484222325u;
  for (const char c : address) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  value ^= value >> 32;
  return value * 0x9e3779b97f4a7c15u;
}

bool CredentialThrottle::failed(std::string_view address, std::int64_t now_us) {
  const std::uint64_t key = hash(address);
  Place& place = (*places_)[key >> 52];
  if (place.address != key) place = {key, now_us};
  const std::int64_t full_us = std::max(place.full_us, now_us) + kPerTryUs;
  if (full_us > now_us + kWholeUs) return false;
  place.full_us = full_us;
  return true;
}

}  // namespace doorward::gateway
