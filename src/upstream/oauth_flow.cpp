#include "upstream/oauth_flow.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "base/random.h"

namespace doorward::upstream {
namespace {

using Grant = OAuthSettings::Grant;
using Registration = OAuthSettings::Registration;

/// A request that no server runs anything for; one that wants authorization says so in its answer.
constexpr std::string_view kProbe =
    R"({"jsonrpc":"2.0","id":1,"method":"server/discover","params":{"_meta":{)"
    R"("io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},)"
    R"("io.modelcontextprotocol/clientInfo":{"name":"doorward","version":"1"}}}})";

constexpr std::int64_t kSecond = 1'000'000;

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out = join_scopes(out, name);
  return out;
}

/// Whether this answer only says that there is no document here.
bool is_absent(const Result<io::FetchAnswer>& answer) {
  return answer && answer->status != 200 && answer->status < 500;
}

void take_times(OAuthAccount& account, std::int64_t lifetime_s, std::int64_t now_us) {
  account.obtained_us = now_us;
  account.expires_us = lifetime_s > 0 ? now_us + lifetime_s * kSecond : 0;
}

}  // namespace

std::string problem_of(const OAuthSettings& settings) {
  const bool code = settings.grant == Grant::authorization_code;
  const bool has_secret = !settings.client_secret.empty() || !settings.private_key.empty();
  if (settings.client_id.empty() && has_secret) return "a secret or a key needs the \"client_id\" that it belongs to";
  if (!settings.client_secret.empty() && !settings.private_key.empty()) {
    return "give either \"client_secret\" or \"private_key\"";
  }
  if (!code && settings.client_id.empty()) return "\"client_credentials\" needs \"client_id\"";
  if (!code && !has_secret) return "\"client_credentials\" needs \"client_secret\" or \"private_key\"";
  if (!code && settings.per_grant) return "\"per: grant\" is for accounts that people connect, not for client_credentials";
  if (settings.registration == Registration::preregistered && settings.client_id.empty()) {
    return "\"registration: preregistered\" needs \"client_id\"";
  }
  if (settings.registration == Registration::metadata_document && settings.client_metadata.empty()) {
    return "\"registration: metadata_document\" needs \"client_metadata\", the URL of the document";
  }
  if (!settings.client_id.empty() && settings.registration != Registration::automatic &&
      settings.registration != Registration::preregistered) {
    return "\"client_id\" is for \"registration: preregistered\"";
  }
  return {};
}

OAuthFlow::OAuthFlow(OAuthTarget target, std::optional<Challenge> challenge, std::string scope)
    : target_(std::move(target)),
      rule_(FetchRule::of_server(target_.url)),
      server_rule_(rule_),
      challenge_(std::move(challenge)),
      scope_(std::move(scope)) {
  // The operator named it, so it may be wherever the operator's own services are.
  if (!target_.settings.issuer.empty()) {
    server_rule_ = FetchRule::of_server(target_.settings.issuer);
    server_rule_.reach = io::Reach::internal;
  }
  if (challenge_) {
    begin_resource();
    return;
  }
  request_.method = "POST";
  request_.url = target_.url;
  request_.headers = target_.headers;
  request_.headers.insert(request_.headers.end(), {{"Content-Type", "application/json"},
                                                   {"Accept", "application/json, text/event-stream"},
                                                   {"MCP-Protocol-Version", "2026-07-28"},
                                                   {"Mcp-Method", "server/discover"}});
  request_.body = kProbe;
  request_.reach = io::Reach::internal;
  request_.plain_http = true;
  request_.ca_file = target_.ca_file;
}

void OAuthFlow::fail_with(Error problem) {
  problem_ = std::move(problem);
  state_ = State::failed;
}

void OAuthFlow::get(const std::string& url, const FetchRule& rule) {
  request_ = {};
  request_.url = url;
  request_.headers = {{"Accept", "application/json"}, {"MCP-Protocol-Version", "2025-11-25"}};
  request_.reach = rule.reach;
  request_.plain_http = rule.plain_http;
  request_.ca_file = target_.ca_file;
  state_ = State::fetching;
}

void OAuthFlow::take(const Result<io::FetchAnswer>& answer, std::int64_t now_us) {
  switch (step_) {
    case Step::probe: {
      if (!answer) return fail_with(answer.error());
      const bool challenged = answer->status == 401 || answer->status == 403;
      challenge_ = challenged ? parse_challenge(answer->header("www-authenticate")) : Challenge{};
      return begin_resource();
    }
    case Step::resource:
      return take_resource(answer);
    case Step::server:
      return take_server(answer, now_us);
    case Step::registration: {
      if (!answer) return fail_with(answer.error());
      auto client = parse_registration(*answer, server_, account_.client.redirect);
      if (!client) return fail_with(client.error());
      account_.client = std::move(*client);
      fresh_client_ = true;
      return authorize(now_us);
    }
    case Step::token:
      return take_token(answer, now_us);
  }
}

void OAuthFlow::begin_resource() {
  step_ = Step::resource;
  candidate_ = 0;
  const std::string& named = challenge_->resource_metadata;
  candidates_ = named.empty() ? resource_metadata_urls(target_.url) : std::vector<std::string>{named};
  next_resource();
}

void OAuthFlow::next_resource() {
  if (candidate_ == candidates_.size()) {
    // A server of 2025-03-26 is its own authorization server, as far as anybody can tell.
    const std::string& configured = target_.settings.issuer;
    return begin_server(configured.empty() ? origin_of(target_.url) : configured);
  }
  const std::string& url = candidates_[candidate_++];
  // On the server's own origin it is the operator's word where to go, else the server's.
  const bool own = origin_of(url) == origin_of(target_.url);
  FetchRule rule = rule_;
  if (own) rule = {io::Reach::internal, rule_.plain_http};
  if (const Status good = rule.check(url, "the resource metadata"); !good) return fail_with(good.error());
  get(url, rule);
}

void OAuthFlow::take_resource(const Result<io::FetchAnswer>& answer) {
  if (is_absent(answer) && challenge_->resource_metadata.empty()) return next_resource();
  if (!answer) return fail_with(answer.error());
  if (answer->status != 200) return fail_with("the server's resource metadata cannot be fetched");
  auto read = parse_resource_metadata(answer->body, target_.url);
  if (!read) return fail_with(read.error());
  resource_ = std::move(*read);
  resource_found_ = true;
  if (!target_.settings.issuer.empty()) return begin_server(target_.settings.issuer);
  if (resource_.authorization_servers.empty()) {
    return fail_with("the server's resource metadata names no authorization server");
  }
  begin_server(resource_.authorization_servers.front());
}

void OAuthFlow::begin_server(std::string issuer) {
  step_ = Step::server;
  candidate_ = 0;
  issuer_ = std::move(issuer);
  if (const Status good = server_rule_.check(issuer_, "the authorization server"); !good) {
    return fail_with(good.error());
  }
  candidates_ = server_metadata_urls(issuer_);
  next_server();
}

void OAuthFlow::next_server() {
  get(candidates_[candidate_++], server_rule_);
}

void OAuthFlow::take_server(const Result<io::FetchAnswer>& answer, std::int64_t now_us) {
  if (is_absent(answer)) {
    if (candidate_ < candidates_.size()) return next_server();
    const bool old = !resource_found_ && target_.settings.issuer.empty();
    if (!old) return fail_with("the authorization server publishes no metadata");
    server_ = assumed_metadata(issuer_);
    return server_found(now_us);
  }
  if (!answer) return fail_with(answer.error());
  if (answer->status != 200) return fail_with("the authorization server's metadata cannot be fetched");
  const bool for_code = target_.settings.grant == Grant::authorization_code;
  auto read = parse_server_metadata(answer->body, issuer_, server_rule_, for_code);
  if (!read) return fail_with(read.error());
  server_ = std::move(*read);
  server_found(now_us);
}

void OAuthFlow::choose_scope() {
  const std::string configured = joined(target_.settings.scopes);
  const std::string& asked = challenge_->scope;
  std::string scope = configured.empty() && asked.empty() ? resource_.scopes : join_scopes(configured, asked);
  scope_ = join_scopes(scope_, scope);
  const bool code = target_.settings.grant == Grant::authorization_code;
  if (code && has_scopes(server_.scopes, "offline_access")) scope_ = join_scopes(scope_, "offline_access");
}

void OAuthFlow::server_found(std::int64_t now_us) {
  choose_scope();
  account_.issuer = server_.issuer;
  account_.token_endpoint = server_.token_endpoint;
  account_.resource = resource_found_ ? resource_.resource : target_.url;
  account_.scope = scope_;
  const OAuthSettings& settings = target_.settings;
  if (settings.grant == Grant::authorization_code) {
    state_ = State::registered;
    return;
  }
  account_.client = {settings.client_id, settings.client_secret,
                     choose_auth_method(server_, !settings.client_secret.empty(), !settings.private_key.empty()),
                     {}};
  if (account_.client.auth_method.empty()) {
    return fail_with("the authorization server takes none of the ways in which this client can authenticate");
  }
  http::FormFields fields = {{"grant_type", "client_credentials"}, {"resource", account_.resource}};
  if (!scope_.empty()) fields.emplace_back("scope", scope_);
  ask_token(std::move(fields), now_us);
}

void OAuthFlow::redirect_to(const std::string& redirect, const std::optional<OAuthClient>& known,
                            std::int64_t now_us) {
  const OAuthSettings& settings = target_.settings;
  const auto wants = [&](Registration way) {
    return settings.registration == Registration::automatic || settings.registration == way;
  };
  if (!settings.client_id.empty()) {
    account_.client = {settings.client_id, settings.client_secret,
                       choose_auth_method(server_, !settings.client_secret.empty(), !settings.private_key.empty()),
                       redirect};
    if (account_.client.auth_method.empty()) {
      return fail_with("the authorization server takes none of the ways in which this client can authenticate");
    }
    return authorize(now_us);
  }
  if (wants(Registration::metadata_document) && !settings.client_metadata.empty() && server_.metadata_documents) {
    account_.client = {settings.client_metadata, {}, "none", redirect};
    return authorize(now_us);
  }
  if (!wants(Registration::dynamic) || server_.registration_endpoint.empty()) {
    return fail_with("the authorization server " + issuer_ +
                     " registers no clients by itself; register the gateway there and configure \"client_id\"");
  }
  if (known && known->redirect == redirect) {
    account_.client = *known;
    return authorize(now_us);
  }
  account_.client.redirect = redirect;
  step_ = Step::registration;
  request_ = registration_request(server_, redirect, scope_, server_rule_);
  request_.ca_file = target_.ca_file;
  state_ = State::fetching;
}

void OAuthFlow::authorize(std::int64_t now_us) {
  oauth_state_ = random_id("");
  verifier_ = random_secret();
  url_ = authorization_url(server_, account_.client, account_.resource, scope_, oauth_state_,
                           code_challenge(verifier_));
  authorize_until_us_ = now_us + kLifetimeUs;
  state_ = State::authorizing;
}

Status OAuthFlow::back(std::string_view query, std::int64_t now_us) {
  const auto state = http::form_value(query, "state");
  if (state_ != State::authorizing || !state || !constant_time_equal(*state, oauth_state_)) {
    return fail(ErrorKind::denied, "this answer belongs to no authorization under way; begin again");
  }
  const auto refuse = [this](std::string why) -> Status {
    fail_with({ErrorKind::denied, why});
    return fail(ErrorKind::denied, std::move(why));
  };
  if (now_us > authorize_until_us_) return refuse("the authorization took longer than 10 minutes; begin again");
  const auto issuer = http::form_value(query, "iss");
  const bool absent = !issuer && issuer.error().kind == ErrorKind::not_found;
  if ((absent && server_.names_issuer) || (!absent && (!issuer || *issuer != server_.issuer))) {
    return refuse("the answer comes from another authorization server than the one asked (iss); it is not used");
  }
  if (const auto error = http::form_value(query, "error"); error || error.error().kind != ErrorKind::not_found) {
    return refuse("the authorization was refused");
  }
  const auto code = http::form_value(query, "code");
  if (!code || code->empty()) return refuse("the answer holds no code");
  const std::string redirect = account_.client.redirect;
  ask_token({{"grant_type", "authorization_code"},
             {"code", *code},
             {"redirect_uri", redirect},
             {"code_verifier", verifier_},
             {"resource", account_.resource}},
            now_us);
  oauth_state_.clear();
  return {};
}

void OAuthFlow::give_up(std::string why) {
  fail_with({ErrorKind::unavailable, std::move(why)});
}

void OAuthFlow::ask_token(http::FormFields fields, std::int64_t now_us) {
  auto made = token_request(account_.token_endpoint, account_.issuer, account_.client, target_.settings.private_key,
                            std::move(fields), server_rule_, now_us / kSecond);
  if (!made) return fail_with(made.error());
  step_ = Step::token;
  request_ = std::move(*made);
  request_.ca_file = target_.ca_file;
  state_ = State::fetching;
}

void OAuthFlow::take_token(const Result<io::FetchAnswer>& answer, std::int64_t now_us) {
  if (!answer) return fail_with(answer.error());
  auto token = parse_token_answer(*answer);
  if (!token) return fail_with(token.error());
  account_.access_token = std::move(token->access_token);
  account_.refresh_token = std::move(token->refresh_token);
  if (!token->scope.empty()) account_.scope = std::move(token->scope);
  take_times(account_, token->lifetime_s, now_us);
  state_ = State::done;
}

Result<io::FetchRequest> OAuthFlow::refresh_request(const OAuthTarget& target, const OAuthAccount& account,
                                                    std::int64_t now_us) {
  FetchRule rule = FetchRule::of_server(target.url);
  if (!target.settings.issuer.empty()) {
    rule = FetchRule::of_server(target.settings.issuer);
    rule.reach = io::Reach::internal;
  }
  OAuthClient client = account.client;
  if (client.id == target.settings.client_id) client.secret = target.settings.client_secret;
  http::FormFields fields = {{"grant_type", "refresh_token"},
                       {"refresh_token", account.refresh_token},
                       {"resource", account.resource}};
  auto request = token_request(account.token_endpoint, account.issuer, client, target.settings.private_key,
                               std::move(fields), rule, now_us / kSecond);
  if (request) request->ca_file = target.ca_file;
  return request;
}

Result<OAuthAccount> OAuthFlow::refreshed(OAuthAccount account, const io::FetchAnswer& answer, std::int64_t now_us) {
  auto token = parse_token_answer(answer);
  if (!token) return std::unexpected(token.error());
  account.access_token = std::move(token->access_token);
  if (!token->refresh_token.empty()) account.refresh_token = std::move(token->refresh_token);
  if (!token->scope.empty()) account.scope = std::move(token->scope);
  take_times(account, token->lifetime_s, now_us);
  return account;
}

}  // namespace doorward::upstream
