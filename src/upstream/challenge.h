#pragma once

#include <string>
#include <string_view>

namespace doorward::upstream {

/// What a server says with 401 or 403 (WWW-Authenticate, RFC 6750 section 3 and RFC 9728 section 5.1). Everything in it is
/// the server's word: the URL is not checked here.
struct Challenge {
  bool bearer = false;            ///< there was a Bearer challenge
  std::string error;              ///< such as invalid_token or insufficient_scope
  std::string scope;              ///< names separated by single spaces; names with foreign characters are left out
  std::string resource_metadata;  ///< URL of the protected resource's metadata

  bool insufficient_scope() const { return bearer && error == "insufficient_scope"; }
  bool operator==(const Challenge&) const = default;
};

/// Reads a WWW-Authenticate value with any number of challenges; the first Bearer one counts. What cannot be read is no
/// challenge.
Challenge parse_challenge(std::string_view value);

/// The scope names of both texts, each once, in their order; no more than 100.
std::string join_scopes(std::string_view first, std::string_view second);
/// Whether every scope name of `wanted` is in `held`.
bool has_scopes(std::string_view held, std::string_view wanted);

}  // namespace doorward::upstream
