#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "json/reader.h"

namespace doorward::identity {

/// The claims of a verified token, an object; they live as long as this. Immutable once read.
class Claims {
 public:
  /// `text` must be valid JSON that was read before; null where it is not.
  static std::shared_ptr<const Claims> read(std::string text);
  json::Value root() const { return root_; }

 private:
  Claims() = default;
  std::string text_;
  json::Reader reader_;
  json::Value root_;
};

/// Who an agent is, by something that proved it: the pair of issuer and subject names it, neither alone.
struct Subject {
  std::string issuer;      ///< of a token; `certificate` for a client certificate
  std::string subject;
  std::string credential;  ///< `jwt` or `certificate`
  std::string digest;      ///< hex SHA-256 of the token or the certificate, for the log
  std::shared_ptr<const Claims> claims;  ///< never null
  std::int64_t expires_s = INT64_MAX;    ///< refused from this second on, clocks' difference included

  /// Different for every pair, whatever bytes the two hold (attack cases T203, T231): the holder of its counts.
  std::string key() const;
  /// As identity/role.h names the person or the client: `oidc:<issuer>#<subject>`, `cert:<sha256>`.
  std::string actor() const;
};

/// Who shows a client certificate that was verified: its first alternative name is the subject, else its digest. The
/// claims are `sub`, `san` (all names, with their kinds), `subject` (its distinguished name) and `sha256`.
std::shared_ptr<const Subject> subject_of_certificate(const Digest& sha256, std::string_view distinguished_name,
                                                      std::span<const std::string> names);

}  // namespace doorward::identity
