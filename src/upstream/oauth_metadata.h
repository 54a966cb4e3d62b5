#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/address_class.h"

namespace doorward::upstream {

/// What an operator's server may name for the gateway to fetch (attack case T236): https at addresses that everybody can
/// reach. Where the server itself is on this machine or a private network, so may be what it names; plain http goes to
/// this machine alone, and only where the server is there and speaks http itself.
struct FetchRule {
  io::Reach reach = io::Reach::global;
  bool plain_http = false;

  /// The rule for what the server at this URL names. A name other than localhost counts as global.
  static FetchRule of_server(std::string_view url);
  /// A URL of a document or an endpoint: well formed, without fragment and user information, https or what the rule
  /// allows. `what` names it in the message.
  Status check(std::string_view url, std::string_view what) const;
};

/// Metadata of a protected resource (RFC 9728), as far as it is used.
struct ResourceMetadata {
  std::string resource;
  std::vector<std::string> authorization_servers;
  std::string scopes;  ///< separated by spaces; empty: none named
};

/// Metadata of an authorization server (RFC 8414, OpenID Connect Discovery), as far as it is used.
struct ServerMetadata {
  std::string issuer;
  std::string authorization_endpoint;
  std::string token_endpoint;
  std::string registration_endpoint;  ///< empty: none
  std::string scopes;                 ///< separated by spaces
  std::vector<std::string> token_auth_methods;
  bool names_auth_methods = false;    ///< else the method is client_secret_basic (RFC 8414 section 2)
  bool metadata_documents = false;    ///< client ids may be URLs of metadata documents
  bool names_issuer = false;          ///< its authorization responses carry `iss` (RFC 9207)
};

/// Where the metadata of a server's URL may lie, in the order of asking: path-insert, then root (RFC 9728 section 3.1).
std::vector<std::string> resource_metadata_urls(std::string_view server_url);
/// Where an issuer's may lie: RFC 8414 path-insert, OpenID path-insert, OpenID path-append.
std::vector<std::string> server_metadata_urls(std::string_view issuer);
/// Scheme and authority of a URL that is well formed; empty for any other.
std::string origin_of(std::string_view url);

/// invalid where the text is no such document or describes another resource than the server at `server_url`: the
/// resource must be of its origin, and its path a parent of the URL's.
Result<ResourceMetadata> parse_resource_metadata(std::string_view text, std::string_view server_url);
/// invalid where the issuer is not, byte by byte, the one asked for (attack case T237), an endpoint breaks `rule`, or,
/// with `for_code`, PKCE with S256 is not advertised.
Result<ServerMetadata> parse_server_metadata(std::string_view text, std::string_view issuer, const FetchRule& rule,
                                             bool for_code);
/// What 2025-03-26 assumes of an origin that publishes no metadata.
ServerMetadata assumed_metadata(std::string_view origin);

}  // namespace doorward::upstream
