#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace doorward::policy {

/// An IP address as 16 bytes; IPv4 stands as its IPv4-mapped IPv6 address, which makes the two one.
struct Address {
  std::array<std::uint8_t, 16> bytes{};
  bool v4 = false;  ///< IPv4, or IPv4-mapped IPv6
  friend bool operator==(const Address&, const Address&) = default;
};

/// Reads an address: dotted decimal without leading zeros, or IPv6 (RFC 4291 section 2.2) without zone or
/// brackets. Nothing for any other text.
std::optional<Address> parse_address(std::string_view text);

/// Whether an IPv6 address is spelled as RFC 5952 recommends, letter case aside, and is not IPv4-mapped.
bool is_canonical_v6(std::string_view text);

/// The operator `cidr` (policy.md section 4).
class Networks {
 public:
  /// Adds `address/prefix`. Fails with one clause.
  std::expected<void, std::string> add(std::string_view network);

  /// Whether the address lies in one of the networks; nothing (an error) where the text is no address.
  std::optional<bool> hold(std::string_view address) const;

 private:
  struct Network {
    Address address;
    unsigned bits;  // of the 128
  };
  std::vector<Network> networks_;
};

}  // namespace doorward::policy
