#include "server/oidc_login.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/hash.h"
#include "base/random.h"
#include "http/form.h"
#include "http/url.h"
#include "json/reader.h"
#include "server/secret.h"
#include "server/sign_in.h"
#include "upstream/oauth_client.h"

namespace doorward::server {
namespace {

using admin::Request;
using admin::Respond;
using admin::Response;

constexpr std::string_view kLoginCookie = "__Host-doorward-login";
constexpr std::int64_t kLoginUs = 600'000'000;
constexpr std::size_t kMostPending = 1'000;
constexpr std::size_t kMostParameter = 4'096;
constexpr std::array kAlgorithms = {identity::Algorithm::rs256, identity::Algorithm::ps256,
                                    identity::Algorithm::es256, identity::Algorithm::es384,
                                    identity::Algorithm::eddsa};

/// A parameter of the query that the issuer sends back; nothing where it is absent, twice there, too long or malformed.
std::optional<std::string> parameter(std::string_view query, std::string_view name) {
  auto value = http::form_value(query, name, kMostParameter);
  if (!value) return std::nullopt;
  return std::move(*value);
}

bool is_here(const http::Url& url) {
  return url.host == "localhost" || url.host == "127.0.0.1" || url.host == "::1";
}

/// An endpoint that the issuer names: https, or http on this machine where the issuer itself is there.
bool is_endpoint(const std::string& text, std::string_view issuer) {
  const auto url = http::parse_url(text);
  if (!url || url->tls) return url.has_value();
  const auto own = http::parse_url(issuer);
  return own && !own->tls && is_here(*url) && is_here(*own);
}

/// A cookie of the browser in which the login began: Lax, for the issuer sends the browser back from its own site.
std::pair<std::string, std::string> login_cookie(std::string_view value, int seconds) {
  return {"Set-Cookie", std::string(kLoginCookie) + "=" + std::string(value) +
                            "; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=" + std::to_string(seconds)};
}

Response redirect(const std::string& to) {
  Response response{.status = 303, .type = {}};
  response.headers.emplace_back("Location", to);
  return response;
}

std::vector<std::string> texts_of(json::Value value) {
  std::vector<std::string> texts;
  if (value.is(json::Type::string)) texts.emplace_back(value.string());
  for (const json::Value item : value.elements()) {
    if (item.is(json::Type::string)) texts.emplace_back(item.string());
  }
  return texts;
}

}  // namespace

Result<IssuerMetadata> read_issuer_metadata(std::string_view text, std::string_view issuer) {
  json::Reader reader;
  const auto root = reader.read(text, {.bytes = 1u << 20});
  if (!root) return fail(ErrorKind::invalid, "the issuer's metadata is not JSON");
  if (text_of(*root, "issuer") != issuer) {
    return fail(ErrorKind::invalid, "the metadata is of another issuer; compare people.oidc.issuer with what it says");
  }
  IssuerMetadata metadata;
  metadata.authorization_endpoint = text_of(*root, "authorization_endpoint");
  metadata.token_endpoint = text_of(*root, "token_endpoint");
  metadata.jwks_uri = text_of(*root, "jwks_uri");
  const json::Value names = root->find("authorization_response_iss_parameter_supported");
  metadata.names_itself = names.is(json::Type::boolean) && names.boolean();
  for (const std::string* url : {&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri}) {
    if (!is_endpoint(*url, issuer)) {
      return fail(ErrorKind::invalid, "the issuer's metadata lacks an endpoint, or names one that is no https URL");
    }
  }
  return metadata;
}

struct OidcLogin::Exchange {
  Respond respond;
  LoginFrom from;
  Pending login;
  IssuerMetadata metadata;
  std::string code;
  std::string token;
};

OidcLogin::OidcLogin(io::Loop& loop, io::Fetcher& fetcher, People& people, const Clock& clock)
    : loop_(loop), fetcher_(fetcher), people_(people), clock_(clock) {}

void OidcLogin::configure(std::optional<OidcConfig> config) {
  if (config_ == config) return;
  config_ = std::move(config);
  pending_.clear();
  keys_.clear();
  if (config_) {
    people_.set_issuer(config_->issuer, config_->map);
  } else {
    people_.set_issuer({}, std::nullopt);
  }
}

io::FetchRequest OidcLogin::request_to(const std::string& url) const {
  io::FetchRequest request;
  request.url = url;
  request.reach = io::Reach::internal;  // the operator named the issuer
  request.plain_http = !config_->issuer.starts_with("https:");
  request.ca_file = config_->ca_file;
  request.headers.emplace_back("Accept", "application/json");
  return request;
}

void OidcLogin::discover(With with) {
  std::string url = config_->issuer;
  while (url.ends_with('/')) url.pop_back();
  fetcher_.fetch(request_to(url + "/.well-known/openid-configuration"), loop_,
                 [issuer = config_->issuer, with = std::move(with)](Result<io::FetchAnswer> answer) mutable {
                   if (!answer) return with(std::unexpected(answer.error()));
                   if (answer->status != 200) {
                     return with(fail(ErrorKind::unavailable, "the issuer answers its metadata with status " +
                                                                  std::to_string(answer->status)));
                   }
                   with(read_issuer_metadata(answer->body, issuer));
                 });
}

void OidcLogin::begin(const Request&, Respond respond) {
  if (!config_) {
    return respond(Response::problem(ErrorKind::not_found, "this gateway has no people.oidc; log in with a password"));
  }
  discover([this, config = *config_, respond = std::move(respond)](Result<IssuerMetadata> metadata) mutable {
    if (!metadata) return respond(Response::problem(ErrorKind::unavailable, metadata.error().message));
    if (config_ != config) return respond(Response::problem(ErrorKind::conflict, "the configuration changed; try again"));
    const std::int64_t now_us = clock_.monotonic_us();
    std::erase_if(pending_, [&](const auto& entry) { return entry.second.ends_us <= now_us; });
    if (pending_.size() >= kMostPending) {
      return respond(Response::problem(ErrorKind::exhausted, "too many logins are under way; try again in some minutes"));
    }
    const std::string state = random_secret();
    const std::string browser = random_secret();
    Pending login{sha256(browser), random_secret(), random_secret(), now_us + kLoginUs};
    const std::string challenge = upstream::code_challenge(login.verifier);
    std::string scope;
    for (const std::string& one : config.scopes) scope += (scope.empty() ? "" : " ") + one;
    const std::string query = http::form_encode({{"response_type", "code"},
                                    {"client_id", config.client_id},
                                    {"redirect_uri", config.redirect_url},
                                    {"scope", scope},
                                    {"state", state},
                                    {"nonce", login.nonce},
                                    {"code_challenge", challenge},
                                    {"code_challenge_method", "S256"}});
    pending_.insert_or_assign(sha256(state), std::move(login));
    const std::string& to = metadata->authorization_endpoint;
    Response response = redirect(to + (to.contains('?') ? "&" : "?") + query);
    response.headers.push_back(login_cookie(browser, 600));
    respond(std::move(response));
  });
}

void OidcLogin::finish(const Request& request, Respond respond) {
  auto exchange = std::make_shared<Exchange>();
  exchange->respond = std::move(respond);
  exchange->from = login_from(request);
  const auto state = parameter(request.query, "state");
  const auto found = state && config_ ? pending_.find(sha256(*state)) : pending_.end();
  if (found == pending_.end()) return refuse(exchange, ErrorKind::invalid, "state is unknown or was used already");
  exchange->login = std::move(found->second);
  pending_.erase(found);
  if (exchange->login.ends_us <= clock_.monotonic_us()) return refuse(exchange, ErrorKind::denied, "state is too old");
  const std::string browser = cookie_of(request, kLoginCookie);
  if (!constant_time_equal(sha256(browser), exchange->login.browser)) {
    return refuse(exchange, ErrorKind::denied, "the login began in another browser");
  }
  const bool names_issuer = request.query.contains("iss=");
  const auto issuer = parameter(request.query, "iss");
  if (names_issuer && issuer != config_->issuer) {
    return refuse(exchange, ErrorKind::denied, "the answer is of another issuer");
  }
  if (const auto error = parameter(request.query, "error")) {
    return refuse(exchange, ErrorKind::denied, "the issuer refused: " + error->substr(0, 64));
  }
  const auto code = parameter(request.query, "code");
  if (!code || code->empty()) return refuse(exchange, ErrorKind::denied, "there is no code");
  exchange->code = *code;
  discover([this, exchange, config = *config_, named = issuer.has_value()](Result<IssuerMetadata> metadata) {
    if (!metadata) return refuse(exchange, ErrorKind::unavailable, metadata.error().message);
    if (config_ != config) return refuse(exchange, ErrorKind::conflict, "the configuration changed meanwhile");
    if (metadata->names_itself && !named) return refuse(exchange, ErrorKind::denied, "the answer names no issuer");
    exchange->metadata = std::move(*metadata);
    redeem(exchange);
  });
}

void OidcLogin::redeem(std::shared_ptr<Exchange> exchange) {
  io::FetchRequest request = request_to(exchange->metadata.token_endpoint);
  request.method = "POST";
  request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  http::FormFields fields = {{"grant_type", "authorization_code"},
                                                                       {"code", exchange->code},
                                                                       {"redirect_uri", config_->redirect_url},
                                                                       {"code_verifier", exchange->login.verifier}};
  if (config_->client_secret) {
    const auto secret = resolve_secret(*config_->client_secret, "people.oidc.client_secret");
    if (!secret) return refuse(exchange, ErrorKind::unavailable, secret.error().message);
    request.headers.emplace_back("Authorization", upstream::basic_credentials(config_->client_id, *secret));
  } else {
    fields.emplace_back("client_id", config_->client_id);
  }
  request.body = http::form_encode(fields);
  fetcher_.fetch(std::move(request), loop_, [this, exchange, config = *config_](Result<io::FetchAnswer> answer) {
    if (!answer) return refuse(exchange, ErrorKind::unavailable, answer.error().message);
    if (config_ != config) return refuse(exchange, ErrorKind::conflict, "the configuration changed meanwhile");
    if (answer->status != 200) {
      return refuse(exchange, ErrorKind::denied,
                    "the issuer did not take the code: status " + std::to_string(answer->status));
    }
    take_tokens(exchange, answer->body);
  });
}

void OidcLogin::take_tokens(std::shared_ptr<Exchange> exchange, const std::string& body) {
  json::Reader reader;
  const auto root = reader.read(body, {.bytes = 1u << 20});
  if (root) exchange->token = text_of(*root, "id_token");
  if (exchange->token.empty()) return refuse(exchange, ErrorKind::denied, "the issuer's answer holds no ID token");
  verify(std::move(exchange), false);
}

void OidcLogin::fetch_keys(std::shared_ptr<Exchange> exchange) {
  fetcher_.fetch(request_to(exchange->metadata.jwks_uri), loop_,
                 [this, exchange, config = *config_](Result<io::FetchAnswer> answer) {
                   if (!answer) return refuse(exchange, ErrorKind::unavailable, answer.error().message);
                   if (config_ != config) {
                     return refuse(exchange, ErrorKind::conflict, "the configuration changed meanwhile");
                   }
                   auto keys = identity::parse_key_set(answer->body, kAlgorithms);
                   if (answer->status != 200 || !keys) {
                     return refuse(exchange, ErrorKind::unavailable, "the issuer's keys cannot be had");
                   }
                   keys_ = std::move(*keys);
                   verify(exchange, true);
                 });
}

void OidcLogin::verify(std::shared_ptr<Exchange> exchange, bool fetched_now) {
  identity::IssuerTable table;
  table.issuers.push_back({{.issuer = config_->issuer,
                            .audiences = {config_->client_id},
                            .algorithms = {kAlgorithms.begin(), kAlgorithms.end()},
                            .scopes = {}},
                           keys_,
                           std::make_shared<identity::KeyDemand>()});
  const auto subject = identity::verify_access_token(
      table, exchange->token, {.resource = {}, .now_s = clock_.wall_us() / 1'000'000});
  if (!subject) {
    // The issuer may have rotated its keys since the last login.
    const bool stale = keys_.empty() || subject.error().fault == identity::TokenFault::unknown_key;
    if (stale && !fetched_now) return fetch_keys(std::move(exchange));
    return refuse(exchange, ErrorKind::denied, "the ID token is not good: " + std::string(to_string(subject.error().fault)));
  }
  accept(exchange, **subject);
}

void OidcLogin::accept(const std::shared_ptr<Exchange>& exchange, const identity::Subject& subject) {
  const json::Value claims = subject.claims->root();
  if (!constant_time_equal(text_of(claims, "nonce"), std::string_view(exchange->login.nonce))) {
    return refuse(exchange, ErrorKind::denied, "the ID token is of another login");
  }
  // OpenID Connect Core 3.1.3.7: a token for more than one must say that it was made for us.
  const std::vector<std::string> audiences = texts_of(claims.find("aud"));
  const json::Value party = claims.find("azp");
  if ((party || audiences.size() > 1) && text_of(claims, "azp") != config_->client_id) {
    return refuse(exchange, ErrorKind::denied, "the ID token was made for another client");
  }
  IssuedPerson person{subject.issuer, subject.subject, std::string(text_of(claims, "email")), texts_of(claims.find(config_->groups_claim))};
  const auto opened = people_.log_in(person, exchange->from);
  if (!opened) return exchange->respond(Response::problem(opened.error().kind, opened.error().message));
  Response response = redirect("/");
  response.headers.push_back(session_cookie(opened->cookie));
  response.headers.push_back(login_cookie({}, 0));
  exchange->respond(std::move(response));
}

void OidcLogin::refuse(const std::shared_ptr<Exchange>& exchange, ErrorKind kind, const std::string& why) {
  people_.record("login.failed", {.name = "anonymous", .roles = {}, .address = exchange->from.address},
                 {{"method", std::string_view("oidc")}, {"why", std::string_view(why)}});
  exchange->respond(Response::problem(kind, "the login did not succeed (" + why + "); begin again at /api/v1/login/oidc"));
}

}  // namespace doorward::server
