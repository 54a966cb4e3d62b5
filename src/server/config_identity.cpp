#include "server/config_identity.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/encoding.h"
#include "http/url.h"

namespace doorward::server {
namespace {

/// Every algorithm, the commonest RSA one first: it is that of RSA keys which name none.
constexpr std::array kAllAlgorithms = {
    identity::Algorithm::rs256, identity::Algorithm::rs384, identity::Algorithm::rs512,
    identity::Algorithm::ps256, identity::Algorithm::ps384, identity::Algorithm::ps512,
    identity::Algorithm::es256, identity::Algorithm::es384, identity::Algorithm::eddsa};

bool is_loopback_host(const std::string& host) {
  return host == "localhost" || host == "127.0.0.1" || host == "::1";
}

void check_url(const yaml::Node& node, std::string_view key, const std::string& text, FileContext& context) {
  const auto url = http::parse_url(text);
  if (!url) {
    context.report(node, "\"" + std::string(key) + "\": " + url.error().message);
  } else if (!url->tls && !is_loopback_host(url->host)) {
    context.report(node, "\"" + std::string(key) + "\" must be an https URL; http is for this machine alone");
  }
}

void read_jwks(const yaml::Node& node, IssuerConfig& issuer, FileContext& context) {
  Fields fields(node, "jwks", context);
  const yaml::Node* url = node.find("url");
  const yaml::Node* file = node.find("file");
  if (auto text = fields.take_text("url")) {
    check_url(*url, "url", *text, context);
    issuer.jwks_url = std::move(*text);
  }
  if (auto text = fields.take_text("file")) issuer.jwks_file = context.absolute(*text);
  fields.finish();
  if ((url == nullptr) == (file == nullptr)) {
    context.report(node, "\"jwks\" needs one of \"url\" and \"file\"; leave it out to find the keys by the issuer");
  }
}

void read_algorithms(Fields& fields, IssuerConfig& issuer, FileContext& context) {
  for (const std::string& name : fields.take_texts("algorithms")) {
    const auto algorithm = identity::parse_algorithm(name);
    if (!algorithm) {
      context.report(*fields.node().find("algorithms"),
                     "\"" + name + "\" is no algorithm for tokens; use RS256, RS384, RS512, PS256, PS384, PS512, ES256, "
                                   "ES384 or EdDSA");
      continue;
    }
    issuer.settings.algorithms.push_back(*algorithm);
  }
  if (fields.node().find("algorithms") == nullptr) {
    issuer.settings.algorithms.assign(kAllAlgorithms.begin(), kAllAlgorithms.end());
  } else if (issuer.settings.algorithms.empty()) {
    context.report(*fields.node().find("algorithms"), "\"algorithms\" is empty; name one, or leave it out");
  }
}

bool is_scope(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '\\';
  });
}

IssuerConfig read_issuer(const yaml::Node& node, FileContext& context) {
  Fields fields(node, "an issuer", context);
  IssuerConfig issuer;
  issuer.at = context.at(node);
  if (auto text = fields.take_text("issuer")) {
    check_url(*node.find("issuer"), "issuer", *text, context);
    issuer.settings.issuer = std::move(*text);
  }
  issuer.settings.audiences = fields.take_texts("audience");
  read_algorithms(fields, issuer, context);
  issuer.settings.scopes = fields.take_texts("scopes");
  for (const std::string& scope : issuer.settings.scopes) {
    if (!is_scope(scope)) context.report(*node.find("scopes"), "\"" + scope + "\" is no scope");
  }
  if (const yaml::Node* jwks = fields.take("jwks")) read_jwks(*jwks, issuer, context);
  if (auto file = fields.take_text("ca_file")) issuer.ca_file = context.absolute(*file);
  if (const auto skew = fields.take_duration("clock_skew", Milliseconds(0), Milliseconds(300'000))) {
    issuer.settings.skew_s = skew->count() / 1000;
  }
  issuer.refresh =
      fields.take_duration("refresh", Milliseconds(1'000), Milliseconds(86'400'000)).value_or(issuer.refresh);
  fields.finish();
  if (node.find("issuer") == nullptr) fields.missing("issuer");
  return issuer;
}

}  // namespace

std::vector<IssuerConfig> read_identity(const yaml::Node& node, FileContext& context) {
  Fields fields(node, "identity", context);
  std::vector<IssuerConfig> issuers;
  fields.take_list("issuers", [&](const yaml::Node& item) { issuers.push_back(read_issuer(item, context)); });
  fields.finish();
  for (std::size_t i = 0; i < issuers.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (issuers[i].settings.issuer != issuers[j].settings.issuer || issuers[i].settings.issuer.empty()) continue;
      context.report(issuers[i].at, "the issuer \"" + issuers[i].settings.issuer + "\" is defined twice; remove one");
    }
  }
  return issuers;
}

std::optional<std::string> read_external_url(const yaml::Node& node, FileContext& context) {
  auto text = read_text(node, "external_url", context);
  if (!text) return std::nullopt;
  const auto url = http::parse_url(*text);
  if (!url || url->origin() != *text) {
    context.report(node, "\"external_url\" must be a scheme and a host as clients reach it, in lower case and without a "
                         "path, such as https://mcp.example.com");
    return std::nullopt;
  }
  return text;
}

std::optional<identity::SubjectRule> read_subject_rule(const yaml::Node& node, FileContext& context) {
  Fields fields(node, "identity", context);
  identity::SubjectRule rule;
  if (auto issuer = fields.take_text("issuer")) rule.issuer = std::move(*issuer);
  const yaml::Node* claims = fields.take("claims");
  fields.finish();
  if (node.find("issuer") == nullptr) fields.missing("issuer");
  if (claims == nullptr || claims->kind != yaml::Node::Kind::mapping || claims->entries.empty()) {
    context.report(claims == nullptr ? node : *claims,
                   "\"claims\" must say what a token has to have, such as {groups: payments}; a grant for everybody of "
                   "an issuer is {iss: <the issuer>}");
    return std::nullopt;
  }
  for (const yaml::Entry& entry : claims->entries) {
    if (auto text = read_text(entry.value, entry.key, context)) rule.claims.push_back({entry.key, std::move(*text)});
  }
  return rule;
}

std::optional<identity::SubjectRule> read_certificate_rule(const yaml::Node& node, FileContext& context) {
  Fields fields(node, "certificate", context);
  identity::SubjectRule rule;
  if (auto text = fields.take_text("sha256")) {
    std::erase(*text, ':');
    const auto digest = from_hex(*text);
    if (!digest || digest->size() != 32) {
      context.report(*node.find("sha256"), "\"sha256\" must be the 64 hexadecimal digits of the certificate's SHA-256");
    } else {
      rule.certificate_sha256 = to_hex(bytes_of(*digest));
    }
  }
  if (auto text = fields.take_text("san")) {
    const auto has_kind = [&](std::string_view kind) { return text->starts_with(kind); };
    if (std::ranges::none_of(std::array<std::string_view, 4>{"DNS:", "URI:", "EMAIL:", "IP:"}, has_kind)) {
      context.report(*node.find("san"),
                     "\"san\" must be a name in the certificate with its kind: DNS:agent.example.com, "
                     "URI:spiffe://example.com/agent, EMAIL:agent@example.com or IP:192.0.2.1");
    }
    rule.certificate_san = std::move(*text);
  }
  fields.finish();
  if ((node.find("sha256") == nullptr) == (node.find("san") == nullptr)) {
    context.report(node, "\"certificate\" needs one of \"sha256\" and \"san\"");
    return std::nullopt;
  }
  return rule;
}

}  // namespace doorward::server
