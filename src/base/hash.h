#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace doorward {

/// A SHA-256 value (FIPS 180-4).
using Digest = std::array<std::uint8_t, 32>;

/// SHA-256 over pieces. A plain value: copying it forks the digest, and nothing allocates.
class Sha256 {
 public:
  Sha256();

  Sha256& update(std::string_view bytes);
  Sha256& update(std::span<const std::uint8_t> bytes);
  /// The digest of all updates since construction or the last finish; begins anew.
  Digest finish();

 private:
  friend class HmacSha256;
  alignas(8) std::array<std::uint8_t, 112> state_;  // OpenSSL's SHA256_CTX
};

/// One digest of one text.
Digest sha256(std::string_view bytes);

/// HMAC-SHA-256 (RFC 2104) under one key: the keyed digest of arguments, tokens and quota keys. Nothing
/// allocates. Keeps not the key but what its two pads made of the hash, and wipes that when destroyed. Not
/// thread-safe; one per thread.
class HmacSha256 {
 public:
  explicit HmacSha256(std::span<const std::uint8_t> key);
  explicit HmacSha256(std::string_view key);
  ~HmacSha256();
  HmacSha256(const HmacSha256&) = default;
  HmacSha256& operator=(const HmacSha256&) = default;

  HmacSha256& update(std::string_view bytes);
  /// The digest of all updates since construction or the last finish; begins anew.
  Digest finish();
  /// The digest of one text.
  Digest operator()(std::string_view bytes) { return update(bytes).finish(); }

 private:
  Sha256 inner_;
  Sha256 outer_;
  Sha256 running_;
};

/// Equal, in a time that depends on the sizes alone (for secrets and digests).
bool constant_time_equal(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b);
bool constant_time_equal(std::string_view a, std::string_view b);

/// Overwrites a secret so that the compiler cannot leave it out.
void wipe(std::span<std::uint8_t> secret);
/// The same, and leaves the text empty.
void wipe(std::string& secret);

}  // namespace doorward
