#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/message.h"
#include "base/clock.h"
#include "base/hash.h"
#include "identity/access_token.h"
#include "io/fetch.h"
#include "io/loop.h"
#include "server/config.h"
#include "server/people.h"

namespace doorward::server {

/// What an issuer says of itself (OpenID Connect Discovery 1.0 section 3), as far as a login needs it.
struct IssuerMetadata {
  std::string authorization_endpoint;
  std::string token_endpoint;
  std::string jwks_uri;
  bool names_itself = false;  ///< its answers carry `iss` (RFC 9207)
};
/// invalid where the text is no metadata of that very issuer.
Result<IssuerMetadata> read_issuer_metadata(std::string_view text, std::string_view issuer);

/// Logs people in by an issuer: authorization code with PKCE (RFC 6749, RFC 7636, OpenID Connect Core 3.1, RFC 9700).
/// What began in one browser ends there: `state` is good once, for ten minutes, together with a cookie of that browser.
/// The ID token must be the issuer's, for this client alone, and hold this login's nonce (attack case T228). Control
/// thread.
class OidcLogin {
 public:
  /// All outlive it.
  OidcLogin(io::Loop& loop, io::Fetcher& fetcher, People& people, const Clock& clock = system_clock());

  /// Takes another configuration: logins under way under the old one are forgotten.
  void configure(std::optional<OidcConfig> config);
  bool configured() const { return config_.has_value(); }

  /// GET: sends the browser to the issuer, and takes it back.
  void begin(const admin::Request& request, admin::Respond respond);
  void finish(const admin::Request& request, admin::Respond respond);

 private:
  struct Pending {
    Digest browser;  ///< of the cookie
    std::string nonce;
    std::string verifier;
    std::int64_t ends_us;  ///< monotonic
  };
  /// A login whose code came back, on its way through the issuer's endpoints.
  struct Exchange;
  using With = std::move_only_function<void(Result<IssuerMetadata>)>;

  void discover(With with);
  void redeem(std::shared_ptr<Exchange> exchange);
  void take_tokens(std::shared_ptr<Exchange> exchange, const std::string& body);
  void verify(std::shared_ptr<Exchange> exchange, bool fetched_now);
  void fetch_keys(std::shared_ptr<Exchange> exchange);
  void accept(const std::shared_ptr<Exchange>& exchange, const identity::Subject& subject);
  void refuse(const std::shared_ptr<Exchange>& exchange, ErrorKind kind, const std::string& why);
  io::FetchRequest request_to(const std::string& url) const;

  io::Loop& loop_;
  io::Fetcher& fetcher_;
  People& people_;
  const Clock& clock_;
  std::optional<OidcConfig> config_;
  std::map<Digest, Pending> pending_;  ///< by the digest of `state`
  std::vector<identity::VerificationKey> keys_;
};

}  // namespace doorward::server
