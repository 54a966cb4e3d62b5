#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "http/form.h"
#include "io/fetch.h"
#include "upstream/oauth_metadata.h"
#include "upstream/oauth_settings.h"

namespace doorward::upstream {

/// The gateway as a client of one authorization server.
struct OAuthClient {
  std::string id;
  std::string secret;       ///< empty: none
  std::string auth_method;  ///< none, client_secret_basic, client_secret_post or private_key_jwt
  std::string redirect;     ///< registered for; empty where the registration says nothing of it

  bool operator==(const OAuthClient&) const = default;
};

/// What a token endpoint gave.
struct TokenAnswer {
  std::string access_token;
  std::string refresh_token;     ///< empty: none
  std::string scope;             ///< empty: as asked for
  std::int64_t lifetime_s = 0;   ///< 0: not told
};

/// The S256 challenge of a proof key's verifier (RFC 7636 section 4.2).
std::string code_challenge(std::string_view verifier);
/// The Authorization header of a client with a secret: both are encoded first (RFC 6749 section 2.3.1).
std::string basic_credentials(std::string_view id, std::string_view secret);

/// How a client with these means authenticates at the token endpoint: the strongest that both sides have. Empty where
/// there is none.
std::string choose_auth_method(const ServerMetadata& server, bool has_secret, bool has_key);

/// The URL that a person opens. `resource` as in RFC 8707; `scope` may be empty.
std::string authorization_url(const ServerMetadata& server, const OAuthClient& client, std::string_view resource,
                              std::string_view scope, std::string_view state, std::string_view challenge);

/// A request to the token endpoint with these fields, authenticated as `client`. Fails where the private key cannot sign.
Result<io::FetchRequest> token_request(std::string_view endpoint, std::string_view issuer, const OAuthClient& client,
                                       std::string_view private_key, http::FormFields fields, const FetchRule& rule,
                                       std::int64_t now_s);
/// invalid where the answer is no bearer token; denied with the error's name where the server refused.
Result<TokenAnswer> parse_token_answer(const io::FetchAnswer& answer);

/// A dynamic registration (RFC 7591).
io::FetchRequest registration_request(const ServerMetadata& server, std::string_view redirect, std::string_view scope,
                                      const FetchRule& rule);
Result<OAuthClient> parse_registration(const io::FetchAnswer& answer, const ServerMetadata& server,
                                       std::string_view redirect);

/// A client assertion (RFC 7523): a JWT signed by the PEM key, ES256 for a P-256 key, RS256 for RSA, EdDSA for Ed25519.
Result<std::string> client_assertion(std::string_view private_key, std::string_view client_id, std::string_view audience,
                                     std::int64_t now_s);

}  // namespace doorward::upstream
