#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "identity/key_set.h"
#include "identity/subject.h"

namespace doorward::identity {

/// An authorization server whose access tokens are taken (docs/identity.md).
struct IssuerSettings {
  std::string issuer;  ///< compared byte for byte with `iss`
  /// One must be in `aud`. Empty: the URL of the resource that the request asks for.
  std::vector<std::string> audiences;
  std::vector<Algorithm> algorithms;  ///< of its keys; not empty
  std::vector<std::string> scopes;    ///< each must be in `scope` (or `scp`)
  std::int64_t skew_s = 60;           ///< by which clocks may differ

  bool operator==(const IssuerSettings&) const = default;
};

/// How workers ask for keys that they miss, and learn whether it is worth to wait. Any thread.
struct KeyDemand {
  std::atomic<bool> wanted{false};         ///< a worker asks; cleared when the fetch begins
  std::atomic<bool> under_way{false};      ///< asked for or being fetched: the next table may have it
  std::atomic<std::int64_t> last_us{INT64_MIN};  ///< end of the last fetch that a worker asked for, monotonic
};

/// An issuer with the keys that it has at the moment.
struct Issuer {
  IssuerSettings settings;
  std::vector<VerificationKey> keys;  ///< empty: none could be had yet
  std::shared_ptr<KeyDemand> demand;  ///< never null
};

/// All issuers at one moment. Immutable: workers share one behind a shared_ptr; a rotation makes another.
struct IssuerTable {
  std::vector<Issuer> issuers;
  const Issuer* find(std::string_view issuer) const;
};

/// Why a token is not taken; for the log alone.
enum class TokenFault : std::uint8_t {
  malformed,       ///< no compact JWS of JSON objects, or one of its members is not of the form it must have
  unknown_issuer,
  unknown_key,     ///< no key of the issuer has its `kid`; perhaps a new one
  wrong_algorithm,
  bad_signature,
  expired,
  not_yet_valid,
  wrong_audience,
  bound_to_key,    ///< sender-constrained (`cnf`), and the request does not prove the key
  too_few_scopes,
};
std::string_view to_string(TokenFault fault);

struct TokenRefusal {
  TokenFault fault = TokenFault::malformed;
  const Issuer* issuer = nullptr;  ///< where it is known
  std::string key_id = {};         ///< of `unknown_key`
};

/// Longest token that is looked at: about what a header line holds.
inline constexpr std::size_t kTokenBytes = 8u << 10;

/// Whether a bearer token has the outer form of a compact JWS: three parts.
bool looks_like_jwt(std::string_view token);

/// What a request proves besides the token.
struct TokenContext {
  std::string_view resource;           ///< URL of the resource that is asked for
  std::int64_t now_s = 0;              ///< wall time
  std::string_view certificate = {};   ///< SHA-256 of the client's certificate in base64url; empty: none
};

/// Judges a JWT access token (RFC 7519, 8725, 9068): strict JSON without duplicate members, the issuer's own keys
/// alone, the algorithm that belongs to the key, no critical extension and no embedded or referenced key, `exp`
/// required, `aud`, `sub`. No text of the token is trusted before its signature but to find the key.
std::expected<std::shared_ptr<const Subject>, TokenRefusal> verify_access_token(const IssuerTable& issuers,
                                                                                std::string_view token,
                                                                                const TokenContext& context);

}  // namespace doorward::identity
