#include "store/sealing.h"

#include <sodium.h>

#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/encoding.h"
#include "base/hash.h"
#include "base/random.h"

namespace doorward::store {
namespace {

constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;

const unsigned char* raw(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

SealingKey::SealingKey() {
  // Without them no secret can be kept, as without randomness.
  if (sodium_init() < 0) std::abort();
  bytes_ = static_cast<unsigned char*>(sodium_malloc(kBytes));
  if (bytes_ == nullptr) std::abort();
}

SealingKey SealingKey::draw() {
  SealingKey key;
  random_bytes({key.bytes_, kBytes});
  return key;
}

Result<SealingKey> SealingKey::from(std::string_view bytes) {
  if (bytes.size() != kBytes) return fail(ErrorKind::invalid, "a sealing key has 32 bytes");
  SealingKey key;
  std::memcpy(key.bytes_, bytes.data(), kBytes);
  return key;
}

SealingKey::SealingKey(SealingKey&& other) noexcept : bytes_(std::exchange(other.bytes_, nullptr)) {}

SealingKey& SealingKey::operator=(SealingKey&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

SealingKey::~SealingKey() {
  sodium_free(bytes_);  // wipes
}

std::string SealingKey::id() const {
  HmacSha256 hmac(bytes());
  const Digest digest = hmac("doorward sealing key id");
  return to_hex(std::span(digest).first(8));
}

std::string seal(const SealingKey& key, std::string_view plain, std::string_view bound_to) {
  std::string out(kNonce + plain.size() + kTag, '\0');
  auto* bytes = reinterpret_cast<unsigned char*>(out.data());
  random_bytes({bytes, kNonce});
  crypto_aead_xchacha20poly1305_ietf_encrypt(bytes + kNonce, nullptr, raw(plain), plain.size(), raw(bound_to),
                                             bound_to.size(), nullptr, bytes, raw(key.bytes()));
  return out;
}

std::optional<std::string> unseal(const SealingKey& key, std::string_view sealed, std::string_view bound_to) {
  if (sealed.size() < kNonce + kTag) return std::nullopt;
  std::string plain(sealed.size() - kNonce - kTag, '\0');
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          reinterpret_cast<unsigned char*>(plain.data()), nullptr, nullptr, raw(sealed) + kNonce,
          sealed.size() - kNonce, raw(bound_to), bound_to.size(), raw(sealed), raw(key.bytes())) != 0) {
    return std::nullopt;
  }
  return plain;
}

}  // namespace doorward::store
