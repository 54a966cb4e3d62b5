#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace doorward::store {

/// A key of 32 bytes, in memory that is locked, lies between guard pages, stays out of core files and is
/// wiped at the end (libsodium's secure memory).
class SealingKey {
 public:
  static constexpr std::size_t kBytes = 32;

  static SealingKey draw();
  /// invalid unless there are 32 bytes.
  static Result<SealingKey> from(std::string_view bytes);
  SealingKey(SealingKey&& other) noexcept;
  SealingKey& operator=(SealingKey&& other) noexcept;
  ~SealingKey();

  std::string_view bytes() const { return {reinterpret_cast<const char*>(bytes_), kBytes}; }
  /// 16 hexadecimal digits that tell keys apart and tell nothing of their bytes.
  std::string id() const;

 private:
  SealingKey();
  unsigned char* bytes_;
};

/// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha): a fresh nonce of 24 bytes, then the sealed text with its
/// tag. `bound_to` is authenticated with it and must be the same to open it.
std::string seal(const SealingKey& key, std::string_view plain, std::string_view bound_to);
/// Nothing where a byte of either was changed, or the key is another. The caller wipes what it gets.
std::optional<std::string> unseal(const SealingKey& key, std::string_view sealed, std::string_view bound_to);

}  // namespace doorward::store
