// The EVP interface of OpenSSL 3.0 allocates at every digest, which the path of a call must not.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/hash.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <new>

#include "base/encoding.h"

namespace doorward {

namespace {

constexpr std::size_t kBlock = 64;

static_assert(std::is_trivially_copyable_v<SHA256_CTX>);

SHA256_CTX* context(std::array<std::uint8_t, 112>& state) {
  static_assert(sizeof(SHA256_CTX) <= sizeof(state) && alignof(SHA256_CTX) <= 8);
  return std::launder(reinterpret_cast<SHA256_CTX*>(state.data()));
}

}  // namespace

Sha256::Sha256() {
  new (state_.data()) SHA256_CTX;
  SHA256_Init(context(state_));
}

Sha256& Sha256::update(std::string_view bytes) {
  return update(bytes_of(bytes));
}

Sha256& Sha256::update(std::span<const std::uint8_t> bytes) {
  SHA256_Update(context(state_), bytes.data(), bytes.size());
  return *this;
}

Digest Sha256::finish() {
  Digest digest;
  SHA256_Final(digest.data(), context(state_));
  SHA256_Init(context(state_));
  return digest;
}

Digest sha256(std::string_view bytes) {
  return Sha256().update(bytes).finish();
}

HmacSha256::HmacSha256(std::span<const std::uint8_t> key) {
  std::array<std::uint8_t, kBlock> pad{};
  if (key.size() > kBlock) {
    Digest digest = inner_.update(key).finish();
    std::copy(digest.begin(), digest.end(), pad.begin());
    wipe(digest);
  } else {
    std::copy(key.begin(), key.end(), pad.begin());
  }
  for (std::uint8_t& byte : pad) byte ^= 0x36;
  inner_.update(pad);
  for (std::uint8_t& byte : pad) byte ^= 0x36 ^ 0x5c;
  outer_.update(pad);
  wipe(pad);
  running_ = inner_;
}

HmacSha256::HmacSha256(std::string_view key) : HmacSha256(bytes_of(key)) {}

HmacSha256::~HmacSha256() {
  wipe(inner_.state_);
  wipe(outer_.state_);
  wipe(running_.state_);
}

HmacSha256& HmacSha256::update(std::string_view bytes) {
  running_.update(bytes);
  return *this;
}

Digest HmacSha256::finish() {
  const Digest digest = running_.finish();
  running_ = outer_;
  const Digest keyed = running_.update(digest).finish();
  running_ = inner_;
  return keyed;
}

bool constant_time_equal(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool constant_time_equal(std::string_view a, std::string_view b) {
  return constant_time_equal(bytes_of(a), bytes_of(b));
}

void wipe(std::span<std::uint8_t> secret) {
  OPENSSL_cleanse(secret.data(), secret.size());
}

void wipe(std::string& secret) {
  wipe({reinterpret_cast<std::uint8_t*>(secret.data()), secret.size()});
  secret.clear();
}

}  // namespace doorward
