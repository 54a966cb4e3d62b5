#include "upstream/oauth_client.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/encoding.h"
#include "base/hash.h"
#include "base/text.h"
#include "http/field.h"
#include "http/form.h"
#include "json/reader.h"
#include "json/writer.h"
#include "upstream/challenge.h"

namespace doorward::upstream {
namespace {

constexpr json::Limits kLimits{.bytes = 1u << 20, .depth = 16, .nodes = 10'000};
constexpr std::size_t kLongestToken = 16u << 10;
constexpr std::string_view kAssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// It goes into a header line: visible ASCII alone.
bool is_token_text(std::string_view text) {
  return !text.empty() && text.size() <= kLongestToken &&
         std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

/// The name of an error, for a message: it is the other side's text.
std::string error_name(json::Value root, int status) {
  const std::string_view name = text_of(root, "error");
  const bool plain = !name.empty() && name.size() <= 64 &&
                     std::ranges::all_of(name, [](char c) { return http::is_unreserved(c); });
  return plain ? std::string(name) : "status " + std::to_string(status);
}

std::int64_t lifetime_of(json::Value root) {
  constexpr std::int64_t kYear = 366 * 86'400;
  const json::Value value = root.find("expires_in");
  std::string_view digits;
  if (value.is(json::Type::number)) digits = value.number();
  if (value.is(json::Type::string)) digits = value.string();
  std::int64_t seconds = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  return std::clamp<std::int64_t>(seconds, 0, kYear);
}

io::FetchRequest post(std::string_view url, std::string_view type, std::string body, const FetchRule& rule) {
  io::FetchRequest request;
  request.method = "POST";
  request.url = url;
  request.headers = {{"Content-Type", std::string(type)}, {"Accept", "application/json"}};
  request.body = std::move(body);
  request.reach = rule.reach;
  request.plain_http = rule.plain_http;
  return request;
}

}  // namespace

std::string code_challenge(std::string_view verifier) {
  return to_base64(sha256(verifier), Base64::url);
}

std::string basic_credentials(std::string_view id, std::string_view secret) {
  const std::string pair = http::percent_encode(id) + ":" + http::percent_encode(secret);
  return "Basic " + to_base64(bytes_of(pair));
}

std::string choose_auth_method(const ServerMetadata& server, bool has_secret, bool has_key) {
  const auto offers = [&](std::string_view method) {
    return std::ranges::find(server.token_auth_methods, method) != server.token_auth_methods.end();
  };
  if (has_key) return !server.names_auth_methods || offers("private_key_jwt") ? "private_key_jwt" : "";
  if (has_secret) {
    if (!server.names_auth_methods || offers("client_secret_basic")) return "client_secret_basic";
    if (offers("client_secret_post")) return "client_secret_post";
  }
  // A public client needs no leave: PKCE is what protects its code.
  return !has_secret || offers("none") ? "none" : "";
}

std::string authorization_url(const ServerMetadata& server, const OAuthClient& client, std::string_view resource,
                              std::string_view scope, std::string_view state, std::string_view challenge) {
  http::FormFields fields = {{"response_type", "code"}, {"client_id", client.id},           {"redirect_uri", client.redirect},
                       {"state", state},          {"code_challenge", challenge},      {"code_challenge_method", "S256"},
                       {"resource", resource}};
  if (!scope.empty()) fields.emplace_back("scope", scope);
  // Without it many servers give no refresh token for this scope (OpenID Connect Core, section 11).
  if (has_scopes(scope, "offline_access")) fields.emplace_back("prompt", "consent");
  const char mark = server.authorization_endpoint.find('?') == std::string::npos ? '?' : '&';
  return server.authorization_endpoint + mark + http::form_encode(fields);
}

Result<io::FetchRequest> token_request(std::string_view endpoint, std::string_view issuer, const OAuthClient& client,
                                       std::string_view private_key, http::FormFields fields, const FetchRule& rule,
                                       std::int64_t now_s) {
  std::string assertion;
  std::string authorization;
  if (client.auth_method == "client_secret_basic") {
    authorization = basic_credentials(client.id, client.secret);
  } else {
    fields.emplace_back("client_id", client.id);
    if (client.auth_method == "client_secret_post") fields.emplace_back("client_secret", client.secret);
  }
  if (client.auth_method == "private_key_jwt") {
    auto made = client_assertion(private_key, client.id, issuer, now_s);
    if (!made) return std::unexpected(made.error());
    assertion = std::move(*made);
    fields.emplace_back("client_assertion_type", kAssertionType);
    fields.emplace_back("client_assertion", assertion);
  }
  io::FetchRequest request = post(endpoint, "application/x-www-form-urlencoded", http::form_encode(fields), rule);
  if (!authorization.empty()) request.headers.emplace_back("Authorization", authorization);
  return request;
}

Result<TokenAnswer> parse_token_answer(const io::FetchAnswer& answer) {
  json::Reader reader;
  const auto root = reader.read(answer.body, kLimits);
  if (answer.status != 200) {
    return fail(ErrorKind::denied, "the authorization server refused: " +
                                       error_name(root ? *root : json::Value(), answer.status));
  }
  if (!root || !root->is(json::Type::object)) {
    return fail(ErrorKind::invalid, "the token endpoint's answer is no JSON object");
  }
  TokenAnswer token;
  token.access_token = text_of(*root, "access_token");
  token.refresh_token = text_of(*root, "refresh_token");
  token.scope = join_scopes(text_of(*root, "scope"), {});
  token.lifetime_s = lifetime_of(*root);
  if (!equal_ignoring_case(text_of(*root, "token_type"), "bearer") || !is_token_text(token.access_token) ||
      (!token.refresh_token.empty() && !is_token_text(token.refresh_token))) {
    return fail(ErrorKind::invalid, "the token endpoint's answer holds no bearer token");
  }
  return token;
}

io::FetchRequest registration_request(const ServerMetadata& server, std::string_view redirect, std::string_view scope,
                                      const FetchRule& rule) {
  std::string method = choose_auth_method(server, true, false);
  if (method.empty()) method = "none";
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("client_name").string("Doorward");
  writer.key("redirect_uris").begin_array().string(redirect).end_array();
  writer.key("grant_types").begin_array().string("authorization_code").string("refresh_token").end_array();
  writer.key("response_types").begin_array().string("code").end_array();
  writer.key("token_endpoint_auth_method").string(method);
  writer.key("application_type").string(redirect.starts_with("https://") ? "web" : "native");
  if (!scope.empty()) writer.key("scope").string(scope);
  writer.end_object();
  return post(server.registration_endpoint, "application/json", std::move(body), rule);
}

Result<OAuthClient> parse_registration(const io::FetchAnswer& answer, const ServerMetadata& server,
                                       std::string_view redirect) {
  json::Reader reader;
  const auto root = reader.read(answer.body, kLimits);
  if (answer.status != 201 && answer.status != 200) {
    return fail(ErrorKind::denied, "the authorization server refused to register the gateway: " +
                                       error_name(root ? *root : json::Value(), answer.status));
  }
  OAuthClient client;
  if (root) {
    client.id = text_of(*root, "client_id");
    client.secret = text_of(*root, "client_secret");
    client.auth_method = text_of(*root, "token_endpoint_auth_method");
  }
  client.redirect = redirect;
  if (client.id.empty() || client.id.size() > kLongestToken) {
    return fail(ErrorKind::invalid, "the registration's answer holds no client id");
  }
  static constexpr std::array<std::string_view, 3> kKnown = {"none", "client_secret_basic", "client_secret_post"};
  if (client.auth_method.empty()) client.auth_method = choose_auth_method(server, !client.secret.empty(), false);
  if (std::ranges::find(kKnown, client.auth_method) == kKnown.end()) {
    return fail(ErrorKind::invalid, "the registration gave a way to authenticate that the gateway does not have");
  }
  return client;
}

}  // namespace doorward::upstream
