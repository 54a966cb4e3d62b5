#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace doorward::identity {

/// The signature algorithms that tokens may have (RFC 7518, RFC 8037): asymmetric ones alone, so that a public key is
/// never taken for a secret.
enum class Algorithm : std::uint8_t { rs256, rs384, rs512, ps256, ps384, ps512, es256, es384, eddsa };

/// As `alg` spells it, such as `RS256`.
std::string_view to_string(Algorithm algorithm);
/// The exact spelling alone.
std::optional<Algorithm> parse_algorithm(std::string_view name);

}  // namespace doorward::identity
