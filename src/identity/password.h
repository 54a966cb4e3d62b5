#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace doorward::identity {

inline constexpr std::size_t kShortestPassword = 12;   ///< bytes
inline constexpr std::size_t kLongestPassword = 1'024;  ///< bytes; what is longer is never hashed

/// Whether a text may become a password: by its length alone (NIST SP 800-63B 3.1.1.2 asks for no mixture of letters).
Status check_password(std::string_view password);

/// Argon2id (RFC 9106) of a password as a text that names its own parameters: 64 MiB, three passes, one lane. It takes
/// some 200 ms and that memory, so it belongs on a WorkPool. All users get the same cost, so that the time of a refusal
/// tells nobody what they are. exhausted where the memory is not there.
Result<std::string> hash_password(std::string_view password);

/// Whether the password is the one of the hash. Takes as long as making the hash did.
bool verify_password(const std::string& hash, std::string_view password);

/// Whether the hash was made with other parameters than hash_password uses now.
bool needs_rehash(const std::string& hash);

/// A hash that no password has, at today's cost: what a login of an unknown user is compared with, so that it takes the
/// same time (attack case T282).
const std::string& nobodys_hash();

}  // namespace doorward::identity
