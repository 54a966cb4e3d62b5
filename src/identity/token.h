#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/hash.h"

namespace doorward::identity {

/// SHA-256 of a token's text: what is stored, and what a presented token is looked up by.
using TokenHash = Digest;

/// A token is `dwt_`, 43 characters of base62 drawn uniformly (256 bits), and 6 characters of base62 of the
/// CRC-32 of all before them: a scanner finds a leaked one by its look, and a mistyped one is refused without
/// a lookup.
inline constexpr std::string_view kTokenPrefix = "dwt_";
/// An access token of a user (docs/roles.md) has the same form and another prefix, so that none is taken for the other.
inline constexpr std::string_view kAccessTokenPrefix = "dwp_";
inline constexpr std::size_t kTokenSize = 4 + 43 + 6;

/// A new token from the system's generator. The caller shows it once and keeps only its hash. `prefix` is one of the two
/// above.
std::string make_token(std::string_view prefix = kTokenPrefix);

/// Whether the text has a token's length, prefix, alphabet and checksum. Looks at no more than kTokenSize
/// bytes.
bool is_token(std::string_view text, std::string_view prefix = kTokenPrefix);

TokenHash hash_token(std::string_view token);

/// The last four characters before the checksum, by which a person tells tokens apart; `token` must be one.
std::string token_hint(std::string_view token);

/// The credentials of an Authorization header's value under the scheme Bearer (RFC 6750 section 2.1; the
/// scheme in any case, one or more spaces): what follows, of whatever form. Nothing for another scheme or
/// none.
std::optional<std::string_view> bearer_credentials(std::string_view authorization);

}  // namespace doorward::identity
