#include "base/seal.h"

#include <sodium.h>

#include <cstring>

#include "base/encoding.h"
#include "base/random.h"

namespace doorward {
namespace {
constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t kExpiry = 8;

const unsigned char* raw(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
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
  std::string out(kNonce + plain.size() + kTag, '\0');
  auto* bytes = reinterpret_cast<unsigned char*>(out.data());
  random_bytes({bytes, kNonce});
  crypto_aead_xchacha20poly1305_ietf_encrypt(bytes + kNonce, nullptr, raw(plain), plain.size(), raw(context),
                                             context.size(), nullptr, bytes, key_.data());
  return to_base64(bytes_of(out), Base64::url);
}

std::optional<std::string> Sealer::open(std::string_view sealed, std::string_view context,
                                        std::int64_t now_s) const {
  const std::optional<std::string> bytes = from_base64(sealed, Base64::url);
  if (!bytes || bytes->size() < kNonce + kTag + kExpiry) return std::nullopt;
  std::string plain(bytes->size() - kNonce - kTag, '\0');
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          reinterpret_cast<unsigned char*>(plain.data()), nullptr, nullptr, raw(*bytes) + kNonce,
          bytes->size() - kNonce, raw(context), context.size(), raw(*bytes), key_.data()) != 0) {
    return std::nullopt;
  }
  std::int64_t expires_s = 0;
  std::memcpy(&expires_s, plain.data(), kExpiry);
  if (now_s >= expires_s) return std::nullopt;
  return plain.substr(kExpiry);
}

}  // namespace doorward
