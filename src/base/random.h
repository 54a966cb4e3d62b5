#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace doorward {

/// Fills `out` with bytes from the operating system's generator (getrandom(2)). Ends the process if the
/// kernel refuses: without randomness no secret and no identifier can be made. Thread-safe.
void random_bytes(std::span<std::uint8_t> out);

/// `prefix` followed by 128 random bits as 26 characters of lower-case base32 (base/encoding.h), such as
/// `dec_4m1x...`: unguessable, and safe in URLs, file names and logs.
std::string random_id(std::string_view prefix);

/// 256 random bits as 43 characters of Base64url: a secret that people and programs pass on.
std::string random_secret();

}  // namespace doorward
