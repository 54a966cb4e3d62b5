#include "base/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/encoding.h"

namespace doorward {

namespace {

// Fetched once: an implicit fetch at every digest costs more than hashing a short text.
const EVP_MD* algorithm() {
  static const EVP_MD* const md = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return md;
}

void must(int ok) {
  if (ok == 1) return;
  std::fputs("doorward: OpenSSL cannot compute SHA-256; is its default provider disabled?\n", stderr);
  std::abort();
}

}  // namespace

struct Sha256::Context {
  EVP_MD_CTX* md = EVP_MD_CTX_new();

  Context() { begin(); }
  ~Context() { EVP_MD_CTX_free(md); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  void begin() const { must(EVP_DigestInit_ex2(md, algorithm(), nullptr)); }
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

Sha256& Sha256::update(std::string_view bytes) { return update(bytes_of(bytes)); }

Sha256& Sha256::update(std::span<const std::uint8_t> bytes) {
  must(EVP_DigestUpdate(context_->md, bytes.data(), bytes.size()));
  return *this;
}

Digest Sha256::finish() {
  Digest digest;
  must(EVP_DigestFinal_ex(context_->md, digest.data(), nullptr));
  context_->begin();
  return digest;
}

Digest sha256(std::string_view bytes) {
  thread_local Sha256 hash;
  return hash.update(bytes).finish();
}

HmacSha256::HmacSha256(std::span<const std::uint8_t> key) {
  if (key.size() > kBlock) {
    const Digest digest = hash_.update(key).finish();
    std::copy(digest.begin(), digest.end(), key_.begin());
  } else {
    std::copy(key.begin(), key.end(), key_.begin());
  }
  begin();
}

HmacSha256::HmacSha256(std::string_view key) : HmacSha256(bytes_of(key)) {}

HmacSha256::~HmacSha256() { wipe(key_); }

void HmacSha256::begin() {
  std::array<std::uint8_t, kBlock> pad = key_;
  for (std::uint8_t& byte : pad) byte ^= 0x36;
  hash_.update(pad);
  wipe(pad);
}

HmacSha256& HmacSha256::update(std::string_view bytes) {
  hash_.update(bytes);
  return *this;
}

Digest HmacSha256::finish() {
  const Digest inner = hash_.finish();
  std::array<std::uint8_t, kBlock> pad = key_;
  for (std::uint8_t& byte : pad) byte ^= 0x5c;
  hash_.update(pad).update(inner);
  wipe(pad);
  const Digest outer = hash_.finish();
  begin();
  return outer;
}

bool constant_time_equal(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool constant_time_equal(std::string_view a, std::string_view b) {
  return constant_time_equal(bytes_of(a), bytes_of(b));
}

void wipe(std::span<std::uint8_t> secret) { OPENSSL_cleanse(secret.data(), secret.size()); }

}  // namespace doorward
