#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "identity/algorithm.h"

namespace doorward::identity {

/// A public key with the one algorithm that it verifies. Immutable; used by any number of threads.
class VerificationKey {
 public:
  struct Material;  ///< OpenSSL's key
  VerificationKey(std::string id, Algorithm algorithm, std::shared_ptr<const Material> material)
      : id_(std::move(id)), algorithm_(algorithm), material_(std::move(material)) {}

  const std::string& id() const { return id_; }  ///< `kid`; may be empty
  Algorithm algorithm() const { return algorithm_; }
  /// Whether `signature` (as JWS has it: r and s side by side for ECDSA) is the key's over `text`.
  bool verifies(std::string_view text, std::string_view signature) const;

 private:
  std::string id_;
  Algorithm algorithm_;
  std::shared_ptr<const Material> material_;
};

/// Longest text of a key set, and the most keys that are looked at.
inline constexpr std::size_t kKeySetBytes = 1u << 20;
inline constexpr std::size_t kKeySetKeys = 100;

/// The keys of a JWK Set (RFC 7517) that can verify: RSA of 2048 to 8192 bits, P-256, P-384 and Ed25519, not meant for
/// encryption. The algorithm of a key is its `alg`, else what its curve says, else, for RSA, the first of `allowed`
/// that RSA has. A key that is malformed, of another kind, or of an algorithm that is not in `allowed` is left out.
/// `invalid` where the text is no key set or nothing remains.
Result<std::vector<VerificationKey>> parse_key_set(std::string_view text, std::span<const Algorithm> allowed);

}  // namespace doorward::identity
