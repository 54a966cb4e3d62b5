#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace doorward::gateway {

/// When the tools and prompts of a bundle bear the prefix of their member.
enum class BundleNames : std::uint8_t {
  always,    ///< `prefix_name`
  conflict,  ///< only where two members have the name, or it looks like another one's prefixed name
  never,     ///< a name that two members have is offered by neither
};

constexpr std::string_view to_string(BundleNames names) {
  return names == BundleNames::always ? "always" : names == BundleNames::conflict ? "conflict" : "never";
}

/// Stands between prefix and name. No prefix can hold it, so no two members ever make the same prefixed name
/// (attack case T132).
inline constexpr char kBundleSeparator = '_';

struct BundleMember {
  std::string server;
  std::string policy;  ///< empty: none, and every call is denied
  std::string prefix;  ///< [a-z0-9-]{1,64}, unique in the bundle

  bool operator==(const BundleMember&) const = default;
};

/// Several servers behind one URL, `/mcp/<name>/`. Immutable once loaded.
struct BundleSettings {
  std::string name;  ///< shares the namespace of servers
  std::string uuid;  ///< reachable under either
  BundleNames names = BundleNames::always;
  std::vector<BundleMember> members;  ///< in this order lists show them; each server once

  bool operator==(const BundleSettings&) const = default;
};

}  // namespace doorward::gateway
