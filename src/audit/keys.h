#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace doorward::audit {

/// A key that checkpoints are verified with. `type` is the signature type of a signed note (C2SP
/// signed-note): 0x01 is Ed25519, with 32 bytes of key.
struct PublicKey {
  std::uint8_t type = 0x01;
  std::string bytes;
  friend bool operator==(const PublicKey&, const PublicKey&) = default;
};

/// Makes signatures of one type. The seam for other types, such as ML-DSA.
class Signer {
 public:
  virtual ~Signer() = default;
  virtual PublicKey public_key() const = 0;
  /// The signature over exactly these bytes.
  virtual Result<std::string> sign(std::string_view message) const = 0;
};

/// False also for a type that is not known.
bool verify_signature(const PublicKey& key, std::string_view message, std::string_view signature);

/// An Ed25519 signer from its 32 bytes of seed (RFC 8032).
Result<std::unique_ptr<Signer>> make_ed25519_signer(std::string_view seed);

/// Loads the signing key `<directory>/audit.key`, or draws one and stores it (directory 0700, file 0600). The
/// public half lies beside it in `audit.pub` as one line of standard Base64. A file that others can read is
/// refused.
Result<std::unique_ptr<Signer>> load_or_create_signer(const std::string& directory);

/// Loads or draws a secret of 32 bytes, `<directory>/<name>.key`, under the same rules: for the keyed digest
/// of arguments.
Result<std::string> load_or_create_secret(const std::string& directory, std::string_view name);

/// Reads a public key: a file as `audit.pub`, or a verifier key line `<name>+<id>+<base64>` of signed notes.
Result<PublicKey> load_public_key(const std::string& path);

}  // namespace doorward::audit
