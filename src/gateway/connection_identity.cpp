// Who sends a request: a grant's token, a token of an authorization server; and what is said to who is nobody.

#include <algorithm>
#include <vector>

#include "base/encoding.h"
#include "base/hash.h"
#include "base/ids.h"
#include "gateway/connection.h"
#include "gateway/route.h"
#include "gateway/worker.h"
#include "json/writer.h"
#include "store/store.h"

namespace doorward::gateway {
namespace {

/// A fetch of keys takes at most 5 s; one that was begun before may have to end first.
constexpr std::int64_t kKeyWaitUs = 6'000'000;

/// Whether the text may stand in a quoted string of a header without an escape.
bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\\'; });
}

}  // namespace

std::string ClientConnection::base_url() const {
  const std::string& external = worker_.shared().options.external_url;
  if (!external.empty()) return external;
  return (stream_.is_tls() ? "https://" : "http://") + std::string(head_.get(http::Field::host));
}

std::string ClientConnection::challenge(std::string_view parameters) const {
  std::string line = "WWW-Authenticate: Bearer realm=\"doorward\"";
  const Route route = route_of(head_.path());
  if (!worker_.agents().issuers().issuers.empty() && is_plain(route.server)) {
    line += ", resource_metadata=\"" + base_url() + std::string(kResourceMetadata);
    if (route.place != Route::Place::none) line += "/mcp/" + std::string(route.server);
    line += '"';
  }
  line += parameters;
  line += "\r\n";
  return line;
}

ClientConnection::Go ClientConnection::identify() {
  // Without an Authorization the client's certificate speaks; what is known is then of that.
  const std::string_view authorization = head_.get(http::Field::authorization);
  if (known_judgement_ == worker_.judgement() && (known_agent_ != nullptr || !known_token_.empty()) &&
      constant_time_equal(authorization, known_token_) &&
      (known_agent_ == nullptr || known_agent_->entry.reached_as(route_of(head_.path()).server))) {
    const GrantEntry& entry = known_agent_ ? known_agent_->entry : world_->grant(known_index_);
    if (entry.grant->is_revoked()) return refuse_credentials("revoked");
    if (entry.grant->is_expired(worker_.loop().wall_us() / 1'000'000)) return refuse_credentials("expired");
    if (known_agent_) world_ = {known_agent_, known_agent_->world.get()};
    grant_ = &entry;
    return Go::on;
  }
  const io::PeerCertificate* certificate = stream_.peer_certificate();
  if (!head_.has(http::Field::authorization) && certificate != nullptr) return identify_certificate(*certificate);
  if (!head_.has(http::Field::authorization)) {
    refuse(401, "missing", "A valid grant token is needed: Authorization: Bearer <token>.", challenge({}));
    return Go::stop;
  }
  return identify_by_token(authorization);
}

ClientConnection::Go ClientConnection::identify_by_token(std::string_view authorization) {
  const identity::Verification verified =
      world_->table().verify(authorization, worker_.loop().wall_us() / 1'000'000);
  if (verified.verdict == identity::Verdict::malformed && !worker_.agents().issuers().issuers.empty()) {
    const std::string_view token = *identity::bearer_credentials(authorization);
    if (identity::looks_like_jwt(token)) {
      if (identify_agent(token) == Go::stop) return Go::stop;
      known_judgement_ = worker_.judgement();
      known_token_ = authorization;
      return Go::on;
    }
  }
  if (verified.verdict == identity::Verdict::missing) {
    refuse(401, "missing", "A valid grant token is needed: Authorization: Bearer <token>.", challenge({}));
    return Go::stop;
  }
  if (verified.verdict != identity::Verdict::good) return refuse_credentials(identity::to_string(verified.verdict));
  known_judgement_ = worker_.judgement();
  known_index_ = verified.index;
  known_token_ = authorization;
  known_agent_.reset();
  grant_ = &world_->grant(verified.index);
  return Go::on;
}

ClientConnection::Go ClientConnection::identify_agent(std::string_view token) {
  const std::string_view server = route_of(head_.path()).server;
  const io::PeerCertificate* certificate = stream_.peer_certificate();
  const std::string thumbprint = certificate != nullptr ? to_base64(certificate->sha256, Base64::url) : std::string();
  const std::string resource = base_url() + "/mcp/" + std::string(server);
  Admission admission = worker_.agents().admit(
      token, server,
      {.resource = resource, .now_s = worker_.loop().wall_us() / 1'000'000, .certificate = thumbprint});
  if (admission.answer != Admission::Answer::admitted) return refuse_agent(admission);
  take(std::move(admission.agent));
  return Go::on;
}

ClientConnection::Go ClientConnection::identify_certificate(const io::PeerCertificate& certificate) {
  Admission admission = worker_.agents().admit(certificate, route_of(head_.path()).server);
  if (admission.answer != Admission::Answer::admitted) {
    refuse(401, admission.answer == Admission::Answer::nothing ? "missing" : admission.code,
           "A valid grant token is needed: Authorization: Bearer <token>.", challenge({}));
    return Go::stop;
  }
  take(std::move(admission.agent));
  known_judgement_ = worker_.judgement();
  known_token_.clear();
  return Go::on;
}

void ClientConnection::take(std::shared_ptr<const Agent> agent) {
  known_agent_ = std::move(agent);
  // Whoever holds this world holds the agent's entry.
  world_ = {known_agent_, known_agent_->world.get()};
  grant_ = &known_agent_->entry;
}

ClientConnection::Go ClientConnection::refuse_agent(const Admission& admission) {
  switch (admission.answer) {
    case Admission::Answer::wait:
      if (waits_until_us_ == 0) waits_until_us_ = worker_.loop().now_us() + kKeyWaitUs;
      if (worker_.loop().now_us() < waits_until_us_) {
        phase_ = Phase::waiting;
        deadline_us_ = waits_until_us_;
        return Go::stop;
      }
      [[fallthrough]];
    case Admission::Answer::no_keys:
      refuse(503, "no_keys", "The keys of the token's issuer cannot be had at the moment. Try again later.");
      return Go::stop;
    case Admission::Answer::nothing:
      refuse(404, "not_found", "There is nothing here for this grant.");
      return Go::stop;
    case Admission::Answer::scopes: {
      std::string wanted;
      for (const std::string& scope : admission.issuer->settings.scopes) wanted += (wanted.empty() ? "" : " ") + scope;
      refuse(403, "insufficient_scope", "The token lacks a scope that this gateway wants.",
             challenge(", error=\"insufficient_scope\", scope=\"" + wanted + "\""));
      return Go::stop;
    }
    case Admission::Answer::admitted:
    case Admission::Answer::refused:
      break;
  }
  return refuse_credentials(admission.code);
}

ClientConnection::Go ClientConnection::refuse_credentials(std::string_view code) {
  if (!worker_.throttle().failed(address_, worker_.loop().now_us())) {
    refuse(429, "too_many_bad_tokens", "Too many tokens from this address were not valid. Try again later.");
  } else {
    refuse(401, code, "A valid grant token is needed: Authorization: Bearer <token>.",
           challenge(", error=\"invalid_token\""));
  }
  return Go::stop;
}

void ClientConnection::issuers_changed() {
  if (phase_ != Phase::waiting) return;
  phase_ = Phase::head;
  head_.reset();
  process();
  read();
}

void ClientConnection::describe_resource() {
  if (head_.method() != http::Method::get) {
    return refuse(405, "method_not_allowed", "Use GET here.", "Allow: GET\r\n");
  }
  const std::string_view resource = head_.path().substr(kResourceMetadata.size());
  const Route route = route_of(resource);
  // The answer is the same whether there is such a server or not.
  const bool named = route.place == Route::Place::endpoint &&
                     (store::is_server_name(route.server) || is_uuid(route.server));
  if (!head_.query().empty() || (!named && !resource.empty() && resource != "/")) {
    return refuse(404, "not_found", "There is no description of such a resource.");
  }
  const identity::IssuerTable& issuers = worker_.agents().issuers();
  std::string body;
  json::Writer writer(body);
  writer.begin_object();
  writer.key("resource").string(base_url() + (named ? "/mcp/" + std::string(route.server) : std::string()));
  writer.key("authorization_servers").begin_array();
  for (const identity::Issuer& issuer : issuers.issuers) writer.string(issuer.settings.issuer);
  writer.end_array();
  std::vector<std::string_view> scopes;
  for (const identity::Issuer& issuer : issuers.issuers) {
    for (const std::string& scope : issuer.settings.scopes) {
      if (std::ranges::find(scopes, scope) == scopes.end()) scopes.push_back(scope);
    }
  }
  if (!scopes.empty()) {
    writer.key("scopes_supported").begin_array();
    for (const std::string_view scope : scopes) writer.string(scope);
    writer.end_array();
  }
  writer.key("bearer_methods_supported").begin_array().string("header").end_array();
  writer.key("resource_name").string("Doorward");
  writer.end_object();
  const std::string_view piece = body;
  write_response(200, {&piece, 1}, "Cache-Control: max-age=300\r\n");
  request_done();
}

}  // namespace doorward::gateway
