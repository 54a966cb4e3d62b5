#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "identity/subject.h"
#include "identity/token.h"

namespace doorward::identity {

/// What one claim must be: a string equal to `value`, or an array with such a string in it.
struct ClaimMatch {
  std::string claim;  ///< the claim's whole name; with `/` in front a JSON Pointer, for claims inside claims
  std::string value;
  bool operator==(const ClaimMatch&) const = default;
};

/// Whom a grant without a token is for: every one of the claims must match. Without claims, nobody.
struct SubjectRule {
  std::string issuer;
  std::vector<ClaimMatch> claims = {};
  /// Hex SHA-256 of a client certificate in DER, or a name in it; empty where `issuer` is set.
  std::string certificate_sha256 = {};
  std::string certificate_san = {};

  bool matches(const Subject& subject) const;
  /// Stands where the token's hash stands in other grants, so that a changed rule revokes what the old one let in.
  TokenHash digest() const;
  bool operator==(const SubjectRule&) const = default;
};

}  // namespace doorward::identity
