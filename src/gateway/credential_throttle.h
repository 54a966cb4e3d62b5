#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

namespace doorward::gateway {

/// Counts the bad credentials of each address, so that whoever guesses is told to slow down (attack case T220). Good ones
/// are never held up: many agents may share the address of a proxy. A fixed table: where two addresses share a place
/// the later one takes it. One per worker.
class CredentialThrottle {
 public:
  CredentialThrottle();
  /// Counts one that was bad; false where the address has had too many. `now_us`: monotonic.
  bool failed(std::string_view address, std::int64_t now_us);

  static constexpr unsigned kBurst = 300;
  static constexpr unsigned kPerSecond = 5;

 private:
  struct Place {
    std::uint64_t address = 0;
    std::int64_t full_us = 0;  ///< when the bucket is full again
  };
  static constexpr std::size_t kPlaces = 4096;
  std::uint64_t hash(std::string_view address) const;

  std::uint64_t seed_;
  std::unique_ptr<std::array<Place, kPlaces>> places_;
};

}  // namespace doorward::gateway
