#include "store/sealing.h"

#include <sodium.h>

#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/aead.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "base/random.h"

namespace doorward::store {

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
  return aead_seal(key.bytes(), plain, bound_to);
}

std::optional<std::string> unseal(const SealingKey& key, std::string_view sealed, std::string_view bound_to) {
  return aead_open(key.bytes(), sealed, bound_to);
}

}  // namespace doorward::store
