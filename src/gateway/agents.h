#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "gateway/world.h"
#include "identity/access_token.h"
#include "identity/token_cache.h"
#include "io/peer_certificate.h"

namespace doorward::gateway {

class Worker;

/// An agent that proved who it is, with the rights that the configuration gives it at one server. Whoever holds this
/// holds its world.
struct Agent {
  std::shared_ptr<const World> world;
  GrantEntry entry;
};

/// What becomes of a credential that is not a grant's token.
struct Admission {
  enum class Answer : std::uint8_t {
    admitted,
    refused,     ///< 401; `code` tells the log why
    scopes,      ///< 403: the issuer's scopes are not all there
    nothing,     ///< 404: good, but no grant is for it at this server
    wait,        ///< its key may come in a moment: ask again when the issuers have changed
    no_keys,     ///< 503: the issuer's keys cannot be had
  };
  Answer answer = Answer::refused;
  std::string_view code = "malformed";
  std::shared_ptr<const Agent> agent = {};
  const identity::Issuer* issuer = nullptr;  ///< as long as the table of issuers
};

/// The agents that one worker knows by their tokens: a token is verified once, and found by its hash afterwards, until
/// it expires or the world or the issuers' keys change. Worker's thread.
class Agents {
 public:
  explicit Agents(Worker& worker) : worker_(worker) {}

  void set_issuers(std::shared_ptr<const identity::IssuerTable> issuers);
  void forget() { known_.clear(); }  ///< what was judged by the world that was
  const identity::IssuerTable& issuers() const { return *issuers_; }

  /// Judges a bearer token that is no grant's. `server` is that of the path, `context.resource` its URL. A token that
  /// is known costs a hash and a look-up.
  Admission admit(std::string_view token, std::string_view server, const identity::TokenContext& context);

  /// Judges the certificate of a client over TLS, which was verified.
  Admission admit(const io::PeerCertificate& certificate, std::string_view server);

  /// The agent of this grant under the world of now; null where it may not go on. What it was admitted by is not asked
  /// for again: it ends when that ends.
  std::shared_ptr<const Agent> renew(const identity::Grant& grant);

  /// Whether an agent's grant, by its own id, is good at the moment.
  bool holds(std::string_view grant, std::int64_t now_s) const;
  /// Forgets what has expired.
  void tick(std::int64_t now_s);

 private:
  Admission verify(std::string_view token, std::string_view server, const identity::TokenContext& context);
  Admission want_key(const identity::Issuer& issuer, std::string_view key_id);
  Admission enter(std::shared_ptr<const identity::Subject> subject, std::string_view server);

  Worker& worker_;
  std::shared_ptr<const identity::IssuerTable> issuers_ = std::make_shared<const identity::IssuerTable>();
  identity::TokenCache<std::shared_ptr<const Agent>> known_;
  /// By id, for those who remember an agent by its grant's id alone.
  std::unordered_map<std::string, std::shared_ptr<const identity::Grant>> grants_;
  std::unordered_map<std::string, std::int64_t> missing_keys_;  ///< that no fetch has brought; until when
};

}  // namespace doorward::gateway
