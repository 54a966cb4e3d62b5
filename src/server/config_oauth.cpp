#include "server/config_oauth.h"

#include <algorithm>
#include <array>
#include <utility>

#include "http/url.h"
#include "server/config_server.h"
#include "server/secret.h"
#include "upstream/oauth_flow.h"

namespace doorward::server {
namespace {

using Grant = upstream::OAuthSettings::Grant;
using Registration = upstream::OAuthSettings::Registration;

constexpr std::array<std::string_view, 2> kGrants = {"authorization_code", "client_credentials"};
constexpr std::array<std::string_view, 4> kRegistrations = {"auto", "preregistered", "metadata_document", "dynamic"};
constexpr std::array<std::string_view, 2> kOwners = {"server", "grant"};

/// The place of a word among those that are allowed; the first where it is absent or wrong.
template <std::size_t Count>
std::size_t take_word(Fields& fields, std::string_view key, const std::array<std::string_view, Count>& words,
                      FileContext& context) {
  const auto text = fields.take_text(key);
  if (!text) return 0;
  const auto found = std::ranges::find(words, *text);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  std::string all;
  for (const std::string_view word : words) all += (all.empty() ? "" : ", ") + std::string(word);
  context.report(*fields.node().find(key), "\"" + std::string(key) + "\" is one of " + all);
  return 0;
}

std::string take_url(Fields& fields, std::string_view key, bool https_only, FileContext& context) {
  const auto text = fields.take_text(key);
  if (!text) return {};
  const Result<http::Url> url = http::parse_url(*text);
  if (!url || (https_only && !url->tls)) {
    context.report(*fields.node().find(key), "\"" + std::string(key) + "\" must be " +
                                                 (https_only ? "an https URL" : "a URL") +
                                                 " without user information and fragment");
  }
  return *text;
}

void check_redirect(const std::string& text, const yaml::Node& node, FileContext& context) {
  const Result<http::Url> url = http::parse_url(text);
  if (!url || url->tls || url->host != "127.0.0.1" || url->target.find('?') != std::string::npos) {
    context.report(node, "\"redirect\" must be an address of this machine, such as http://127.0.0.1:8433/callback");
  }
}

void check_scopes(const std::vector<std::string>& scopes, const yaml::Node& node, FileContext& context) {
  for (const std::string& scope : scopes) {
    if (upstream::join_scopes(scope, {}) == scope && !scope.empty() && scope.find(' ') == std::string::npos) continue;
    context.report(node, "\"" + scope + "\" is no name of a scope; each is one item of the list, without spaces");
  }
}

}  // namespace

OAuthConfig read_oauth(const yaml::Node& node, FileContext& context) {
  Fields fields(node, "oauth of a server", context);
  OAuthConfig oauth;
  upstream::OAuthSettings& settings = oauth.settings;
  settings.grant = static_cast<Grant>(take_word(fields, "grant", kGrants, context));
  settings.registration = static_cast<Registration>(take_word(fields, "registration", kRegistrations, context));
  settings.per_grant = take_word(fields, "per", kOwners, context) == 1;
  if (auto id = fields.take_text("client_id")) settings.client_id = std::move(*id);
  if (const yaml::Node* secret = fields.take("client_secret")) {
    oauth.client_secret = read_secret_ref(*secret, "client_secret", context);
  }
  if (const yaml::Node* key = fields.take("private_key")) {
    oauth.private_key = read_secret_ref(*key, "private_key", context);
  }
  settings.client_metadata = take_url(fields, "client_metadata", true, context);
  settings.scopes = fields.take_texts("scopes");
  settings.issuer = take_url(fields, "issuer", false, context);
  if (auto redirect = fields.take_text("redirect")) {
    settings.redirect = std::move(*redirect);
    check_redirect(settings.redirect, *node.find("redirect"), context);
  }
  fields.finish();
  if (!settings.scopes.empty()) check_scopes(settings.scopes, *node.find("scopes"), context);

  upstream::OAuthSettings whole = settings;
  if (oauth.client_secret) whole.client_secret = "given";
  if (oauth.private_key) whole.private_key = "given";
  if (std::string why = problem_of(whole); !why.empty()) context.report(node, std::move(why));
  return oauth;
}

void check_oauth(const ServerConfig& server, const yaml::Node& node, FileContext& context) {
  if (server.url.empty()) context.report(node, "\"oauth\" is for a server with \"url\"; remove it");
  if (std::ranges::find(server.headers, "authorization", &NamedSecrets::value_type::first) != server.headers.end()) {
    context.report(node, "the header \"authorization\" is what \"oauth\" sends; keep one of the two");
  }
  if (server.oauth->settings.per_grant && server.protocol.sessions == upstream::SessionSharing::shared) {
    context.report(node, "\"sessions: shared\" would share one grant's account with others; use per_grant or per_call");
  }
}

void write_oauth(json::Writer& writer, const OAuthConfig& oauth) {
  const upstream::OAuthSettings& settings = oauth.settings;
  const auto text = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) writer.key(key).string(value);
  };
  writer.begin_object().key("grant").string(kGrants[static_cast<std::size_t>(settings.grant)]);
  writer.key("registration").string(kRegistrations[static_cast<std::size_t>(settings.registration)]);
  writer.key("per").string(kOwners[settings.per_grant ? 1 : 0]);
  text("client_id", settings.client_id);
  if (oauth.client_secret) write_secret_ref(writer.key("client_secret"), *oauth.client_secret);
  if (oauth.private_key) write_secret_ref(writer.key("private_key"), *oauth.private_key);
  text("client_metadata", settings.client_metadata);
  if (!settings.scopes.empty()) {
    writer.key("scopes").begin_array();
    for (const std::string& scope : settings.scopes) writer.string(scope);
    writer.end_array();
  }
  text("issuer", settings.issuer);
  text("redirect", settings.redirect);
  writer.end_object();
}

Result<upstream::OAuthSettings> resolve_oauth(const OAuthConfig& oauth, const FetchSecret& fetch) {
  upstream::OAuthSettings settings = oauth.settings;
  if (oauth.client_secret) {
    auto value = fetch(*oauth.client_secret, "client_secret", SecretForm::line);
    if (!value) return std::unexpected(value.error());
    settings.client_secret = std::move(*value);
  }
  if (oauth.private_key) {
    auto value = fetch(*oauth.private_key, "private_key", SecretForm::text);
    if (!value) return std::unexpected(value.error());
    settings.private_key = std::move(*value);
  }
  return settings;
}

}  // namespace doorward::server
