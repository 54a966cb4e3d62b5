#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace doorward {

/// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha) under a key of 32 bytes: a fresh nonce of 24 bytes, then the sealed text
/// with its tag. `bound_to` is authenticated with it and must be the same to open it. Thread-safe.
std::string aead_seal(std::string_view key, std::string_view plain, std::string_view bound_to);
/// Nothing where a byte of either was changed, or the key is another.
std::optional<std::string> aead_open(std::string_view key, std::string_view sealed, std::string_view bound_to);

}  // namespace doorward
