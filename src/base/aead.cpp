#include "base/aead.h"

#include <sodium.h>

#include "base/random.h"

namespace doorward {
namespace {

constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;

const unsigned char* raw(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string aead_seal(std::string_view key, std::string_view plain, std::string_view bound_to) {
  std::string out(kNonce + plain.size() + kTag, '\0');
  auto* bytes = reinterpret_cast<unsigned char*>(out.data());
  random_bytes({bytes, kNonce});
  crypto_aead_xchacha20poly1305_ietf_encrypt(bytes + kNonce, nullptr, raw(plain), plain.size(), raw(bound_to),
                                             bound_to.size(), nullptr, bytes, raw(key));
  return out;
}

std::optional<std::string> aead_open(std::string_view key, std::string_view sealed, std::string_view bound_to) {
  if (sealed.size() < kNonce + kTag) return std::nullopt;
  std::string plain(sealed.size() - kNonce - kTag, '\0');
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(reinterpret_cast<unsigned char*>(plain.data()), nullptr, nullptr,
                                                 raw(sealed) + kNonce, sealed.size() - kNonce, raw(bound_to),
                                                 bound_to.size(), raw(sealed), raw(key)) != 0) {
    return std::nullopt;
  }
  return plain;
}

}  // namespace doorward
