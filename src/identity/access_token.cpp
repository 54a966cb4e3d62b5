#include "identity/access_token.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/encoding.h"
#include "base/text.h"
#include "json/reader.h"

namespace doorward::identity {
namespace {

using json::Type;
using json::Value;
using Refused = std::unexpected<TokenRefusal>;

constexpr std::size_t kMostSubject = 1024;

Refused refuse(TokenFault fault, const Issuer* issuer = nullptr) {
  return Refused(TokenRefusal{fault, issuer});
}

struct Parts {
  std::string_view signed_text;  ///< header and payload with the dot between
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
};

std::optional<Parts> split(std::string_view token) {
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) return std::nullopt;
  return Parts{token.substr(0, second), token.substr(0, first), token.substr(first + 1, second - first - 1),
               token.substr(second + 1)};
}

/// One object of the token, with the memory that it stands in.
struct Part {
  std::string text;
  json::Reader reader;
  Value root;

  bool read(std::string_view encoded) {
    auto decoded = from_base64(encoded, Base64::url);
    if (!decoded) return false;
    text = std::move(*decoded);
    json::Limits limits;
    limits.bytes = kTokenBytes;
    limits.depth = 16;
    limits.nodes = 4096;
    const auto value = reader.read(text, limits);
    if (!value || !value->is(Type::object)) return false;
    root = *value;
    return true;
  }
};

struct Header {
  std::string_view algorithm;
  std::string_view key_id;
};

bool is_token_type(std::string_view type) {
  constexpr std::array<std::string_view, 4> kTypes = {"jwt", "at+jwt", "application/at+jwt", "application/jwt"};
  return std::ranges::any_of(kTypes, [&](std::string_view known) { return equal_ignoring_case(type, known); });
}

std::optional<Header> read_header(Value header) {
  // A key or its address from the token itself is the token's word for itself; extensions that must be understood
  // are none that we do.
  for (const std::string_view name : {"crit", "jwk", "jku", "x5u", "b64", "zip", "enc"}) {
    if (header.find(name)) return std::nullopt;
  }
  Header read;
  const Value algorithm = header.find("alg");
  if (!algorithm.is(Type::string)) return std::nullopt;
  read.algorithm = algorithm.string();
  if (const Value id = header.find("kid")) {
    if (!id.is(Type::string) || id.string().empty()) return std::nullopt;
    read.key_id = id.string();
  }
  if (const Value type = header.find("typ"); type && (!type.is(Type::string) || !is_token_type(type.string()))) {
    return std::nullopt;
  }
  return read;
}

/// A NumericDate (RFC 7519 section 2): digits, perhaps with a fraction, which is dropped. No other spelling.
std::optional<std::int64_t> read_date(Value value) {
  if (!value.is(Type::number)) return std::nullopt;
  const std::string_view text = value.number();
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + std::min<std::size_t>(text.size(), 12), seconds);
  if (error != std::errc() || seconds < 0 || text.front() == '-') return std::nullopt;
  const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (rest.empty()) return seconds;
  const bool fraction = rest.front() == '.' && std::ranges::all_of(rest.substr(1), [](char c) {
    return c >= '0' && c <= '9';
  });
  return fraction ? std::optional(seconds) : std::nullopt;
}

bool holds_text(Value value, std::string_view text) {
  if (value.is(Type::string)) return value.string() == text;
  return std::ranges::any_of(value.elements(), [&](Value element) {
    return element.is(Type::string) && element.string() == text;
  });
}

bool is_for(Value audience, const Issuer& issuer, std::string_view resource) {
  if (issuer.settings.audiences.empty()) return !resource.empty() && holds_text(audience, resource);
  return std::ranges::any_of(issuer.settings.audiences,
                             [&](const std::string& one) { return holds_text(audience, one); });
}

bool has_scope(Value scopes, std::string_view wanted) {
  if (scopes.is(Type::array)) return holds_text(scopes, wanted);
  if (!scopes.is(Type::string)) return false;
  std::string_view rest = scopes.string();
  while (!rest.empty()) {
    const std::size_t space = rest.find(' ');
    if (rest.substr(0, space) == wanted) return true;
    if (space == std::string_view::npos) break;
    rest.remove_prefix(space + 1);
  }
  return false;
}

/// The key that a header means, or the refusal.
std::expected<const VerificationKey*, TokenRefusal> choose_key(const Issuer& issuer, const Header& header) {
  const VerificationKey* chosen = nullptr;
  bool known = false;
  for (const VerificationKey& key : issuer.keys) {
    if (!header.key_id.empty() && key.id() != header.key_id) continue;
    known = true;
    if (to_string(key.algorithm()) != header.algorithm) continue;
    if (chosen != nullptr && header.key_id.empty()) return refuse(TokenFault::malformed, &issuer);  // which one?
    if (chosen == nullptr) chosen = &key;
  }
  if (chosen != nullptr) return chosen;
  if (known) return refuse(TokenFault::wrong_algorithm, &issuer);
  return Refused(TokenRefusal{TokenFault::unknown_key, &issuer, std::string(header.key_id)});
}

/// Whether a token that is bound to a key (RFC 8705, 9449) comes with its proof.
bool binding_holds(Value confirmation, std::string_view certificate) {
  if (!confirmation) return true;
  if (!confirmation.is(Type::object) || confirmation.size() != 1 || certificate.empty()) return false;
  const Value thumbprint = confirmation.find("x5t#S256");
  return thumbprint.is(Type::string) && constant_time_equal(thumbprint.string(), certificate);
}

std::expected<std::int64_t, TokenFault> check_times(Value claims, std::int64_t skew_s, std::int64_t now_s) {
  const auto expires = read_date(claims.find("exp"));
  if (!expires) return std::unexpected(TokenFault::malformed);
  for (const std::string_view name : {"nbf", "iat"}) {
    const Value value = claims.find(name);
    if (!value) continue;
    const auto from = read_date(value);
    if (!from) return std::unexpected(TokenFault::malformed);
    if (*from > now_s + skew_s) return std::unexpected(TokenFault::not_yet_valid);
  }
  const std::int64_t refused_from = *expires + skew_s + 1;
  if (now_s >= refused_from) return std::unexpected(TokenFault::expired);
  return refused_from;
}

}  // namespace

std::string_view to_string(TokenFault fault) {
  constexpr std::array<std::string_view, 10> kNames = {
      "malformed",     "unknown_issuer", "unknown_key",    "wrong_algorithm", "bad_signature",
      "token_expired", "not_yet_valid",  "wrong_audience", "bound_to_key",    "insufficient_scope"};
  return kNames[static_cast<std::size_t>(fault)];
}

const Issuer* IssuerTable::find(std::string_view issuer) const {
  const auto found = std::ranges::find_if(issuers, [&](const Issuer& one) { return one.settings.issuer == issuer; });
  return found == issuers.end() ? nullptr : &*found;
}

bool looks_like_jwt(std::string_view token) {
  return std::ranges::count(token, '.') == 2;
}

std::expected<std::shared_ptr<const Subject>, TokenRefusal> verify_access_token(const IssuerTable& issuers,
                                                                                std::string_view token,
                                                                                const TokenContext& context) {
  if (token.size() > kTokenBytes) return refuse(TokenFault::malformed);
  const auto parts = split(token);
  Part header_part;
  Part payload;
  if (!parts || !header_part.read(parts->header) || !payload.read(parts->payload)) {
    return refuse(TokenFault::malformed);
  }
  const auto header = read_header(header_part.root);
  const auto signature = from_base64(parts->signature, Base64::url);
  const Value claims = payload.root;
  const Value iss = claims.find("iss");
  if (!header || !signature || signature->empty() || !iss.is(Type::string)) return refuse(TokenFault::malformed);
  const Issuer* issuer = issuers.find(iss.string());
  if (issuer == nullptr) return refuse(TokenFault::unknown_issuer);
  const auto key = choose_key(*issuer, *header);
  if (!key) return Refused(key.error());
  if (!(*key)->verifies(parts->signed_text, *signature)) return refuse(TokenFault::bad_signature, issuer);

  const auto refused_from = check_times(claims, issuer->settings.skew_s, context.now_s);
  if (!refused_from) return refuse(refused_from.error(), issuer);
  if (!is_for(claims.find("aud"), *issuer, context.resource)) return refuse(TokenFault::wrong_audience, issuer);
  if (!binding_holds(claims.find("cnf"), context.certificate)) return refuse(TokenFault::bound_to_key, issuer);
  const Value sub = claims.find("sub");
  if (!sub.is(Type::string) || sub.string().empty() || sub.string().size() > kMostSubject) {
    return refuse(TokenFault::malformed, issuer);
  }
  const Value scopes = claims.find("scope") ? claims.find("scope") : claims.find("scp");
  for (const std::string& scope : issuer->settings.scopes) {
    if (!has_scope(scopes, scope)) return refuse(TokenFault::too_few_scopes, issuer);
  }
  auto subject = std::make_shared<Subject>();
  subject->issuer = issuer->settings.issuer;
  subject->subject = sub.string();
  subject->credential = "jwt";
  subject->digest = to_hex(sha256(token));
  subject->expires_s = *refused_from;
  subject->claims = Claims::read(std::move(payload.text));
  return subject;
}

}  // namespace doorward::identity
