#include "base/seal.h"

#include <sodium.h>

#include <cstring>

#include "base/aead.h"
#include "base/encoding.h"

namespace doorward {
namespace {

constexpr std::size_t kExpiry = 8;

std::string_view text_of(const std::array<unsigned char, 32>& key) {
  return {reinterpret_cast<const char*>(key.data()), key.size()};
}

}  // namespace

Sealer::Sealer(std::string_view key) {
  std::memcpy(key_.data(), key.data(), std::min(key.size(), key_.size()));
}

Sealer::~Sealer() {
  sodium_memzero(key_.data(), key_.size());
}

std::string Sealer::seal(std::string_view text, std::string_view context, std::int64_t expires_s) const {
  std::string plain(kExpiry, '\0');
  std::memcpy(plain.data(), &expires_s, kExpiry);
  plain += text;
  return to_base64(bytes_of(aead_seal(text_of(key_), plain, context)), Base64::url);
}

std::optional<std::string> Sealer::open(std::string_view sealed, std::string_view context,
                                        std::int64_t now_s) const {
  const std::optional<std::string> bytes = from_base64(sealed, Base64::url);
  const std::optional<std::string> plain = bytes ? aead_open(text_of(key_), *bytes, context) : std::nullopt;
  if (!plain || plain->size() < kExpiry) return std::nullopt;
  std::int64_t expires_s = 0;
  std::memcpy(&expires_s, plain->data(), kExpiry);
  if (now_s >= expires_s) return std::nullopt;
  return plain->substr(kExpiry);
}

}  // namespace doorward
