#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace doorward {

/// Seals what others keep for us and must neither read nor change (XChaCha20-Poly1305): a server's `requestState`
/// (2026-07-28) in a client's hands, stored arguments in a file. Bound to a context, such as grant, server and
/// request, and to a moment. Thread-safe.
class Sealer {
 public:
  /// `key`: 32 bytes.
  explicit Sealer(std::string_view key);
  ~Sealer();
  Sealer(const Sealer&) = delete;
  Sealer& operator=(const Sealer&) = delete;

  /// Base64url of nonce, expiry and sealed text.
  std::string seal(std::string_view text, std::string_view context, std::int64_t expires_s) const;
  /// Nothing where a byte was changed, the context is another, or the moment has passed.
  std::optional<std::string> open(std::string_view sealed, std::string_view context,
                                  std::int64_t now_s) const;

 private:
  std::array<unsigned char, 32> key_{};
};

}  // namespace doorward
