#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace doorward::upstream {

/// How the gateway, as an OAuth 2.1 client, gets its tokens for a server (docs/upstream-credentials.md).
struct OAuthSettings {
  enum class Grant : std::uint8_t {
    authorization_code,  ///< a person connects an account
    client_credentials,  ///< the gateway is the account
  };
  /// How the gateway becomes a client of the authorization server.
  enum class Registration : std::uint8_t {
    automatic,          ///< `client_id` where given, else a metadata document where both sides have one, else dynamic
    preregistered,      ///< `client_id`
    metadata_document,  ///< the URL of `client_metadata` is the id
    dynamic,            ///< RFC 7591
  };

  Grant grant = Grant::authorization_code;
  Registration registration = Registration::automatic;
  bool per_grant = false;       ///< each grant has an account of its own
  std::string client_id;        ///< preregistered
  std::string client_secret;    ///< resolved; empty: none
  std::string private_key;      ///< PEM, resolved; for private_key_jwt
  std::string client_metadata;  ///< https URL of a Client ID Metadata Document
  std::vector<std::string> scopes;
  std::string issuer;    ///< the only authorization server; empty: the one that the server names
  std::string redirect;  ///< where browsers come back to; empty: a free port of 127.0.0.1

  bool operator==(const OAuthSettings&) const = default;
};

}  // namespace doorward::upstream
