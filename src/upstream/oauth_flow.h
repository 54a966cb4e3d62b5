#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/fetch.h"
#include "upstream/challenge.h"
#include "upstream/oauth_client.h"
#include "upstream/oauth_metadata.h"
#include "upstream/oauth_settings.h"

namespace doorward::upstream {

/// What a flow needs to know; all of it outlives nothing: it is copied.
struct OAuthTarget {
  std::string url;  ///< of the server
  std::vector<std::pair<std::string, std::string>> headers;  ///< configured for the server
  std::string ca_file;
  OAuthSettings settings;
};

/// A token with all that is needed to renew it.
struct OAuthAccount {
  std::string issuer;
  std::string token_endpoint;
  std::string resource;
  std::string scope;
  OAuthClient client;
  std::string access_token;
  std::string refresh_token;
  std::int64_t obtained_us = 0;  ///< wall clock
  std::int64_t expires_us = 0;   ///< wall clock; 0: not told

  bool operator==(const OAuthAccount&) const = default;
};

/// One way from nothing (or from a server's challenge) to a token, as a state machine without sockets: whoever drives it
/// fetches what request() wants and hands the answer to take(). Finds the authorization server (RFC 9728, RFC 8414, OpenID
/// Connect Discovery, the rules of 2025-03-26), becomes its client, has a person authorize where the grant is
/// authorization_code, and gets the token. What cannot be trusted ends it (attack cases T236, T237).
class OAuthFlow {
 public:
  static constexpr std::int64_t kLifetimeUs = 600'000'000;  ///< from authorization URL to its code

  enum class State : std::uint8_t {
    fetching,     ///< request() is to be fetched
    registered,   ///< needs to know where the browser comes back to: call redirect_to()
    authorizing,  ///< a person is to open url(); call back() with what the browser brought
    done,         ///< account() holds the token
    failed,       ///< problem() says why
  };

  /// `challenge`: what the server said, if it did; else it is asked. `scope`: what was asked for before.
  OAuthFlow(OAuthTarget target, std::optional<Challenge> challenge, std::string scope);

  State state() const { return state_; }
  io::FetchRequest request() const { return request_; }
  void take(const Result<io::FetchAnswer>& answer, std::int64_t now_us);

  const std::string& issuer() const { return server_.issuer; }
  /// In state `registered`: the client that an earlier flow registered at this issuer, if any, and the address to come
  /// back to. A client that is registered for another one is not used.
  void redirect_to(const std::string& redirect, const std::optional<OAuthClient>& known, std::int64_t now_us);

  const std::string& url() const { return url_; }
  const std::string& oauth_state() const { return oauth_state_; }
  /// The query of the address that the browser came back to. One whose `state` is not ours changes nothing and is
  /// refused; any other one ends the waiting, for good or ill.
  Status back(std::string_view query, std::int64_t now_us);
  /// Ends the waiting without an answer.
  void give_up(std::string why);

  const OAuthClient& client() const { return account_.client; }
  /// Whether the client was registered by this flow, and so is to be kept.
  bool fresh_client() const { return fresh_client_; }
  const OAuthAccount& account() const { return account_; }
  const std::string& scope() const { return scope_; }
  const Error& problem() const { return problem_; }

  /// The request by which an account is renewed, and what its answer makes of it. `settings` give the secrets of a
  /// preregistered client.
  static Result<io::FetchRequest> refresh_request(const OAuthTarget& target, const OAuthAccount& account,
                                                  std::int64_t now_us);
  static Result<OAuthAccount> refreshed(OAuthAccount account, const io::FetchAnswer& answer, std::int64_t now_us);

 private:
  enum class Step : std::uint8_t { probe, resource, server, registration, token };

  void fail_with(Error problem);
  void fail_with(std::string why) { fail_with({ErrorKind::invalid, std::move(why)}); }
  void get(const std::string& url, const FetchRule& rule);
  void begin_resource();
  void next_resource();
  void take_resource(const Result<io::FetchAnswer>& answer);
  void begin_server(std::string issuer);
  void next_server();
  void take_server(const Result<io::FetchAnswer>& answer, std::int64_t now_us);
  void server_found(std::int64_t now_us);
  void choose_scope();
  void authorize(std::int64_t now_us);
  void ask_token(http::FormFields fields, std::int64_t now_us);
  void take_token(const Result<io::FetchAnswer>& answer, std::int64_t now_us);

  OAuthTarget target_;
  FetchRule rule_;         ///< of what the server names
  FetchRule server_rule_;  ///< of the authorization server
  std::optional<Challenge> challenge_;
  std::string scope_;
  State state_ = State::fetching;
  Step step_ = Step::probe;
  io::FetchRequest request_;
  std::vector<std::string> candidates_;
  std::size_t candidate_ = 0;
  std::string issuer_;
  bool resource_found_ = false;
  ResourceMetadata resource_;
  ServerMetadata server_;
  OAuthAccount account_;
  bool fresh_client_ = false;
  std::string url_;
  std::string oauth_state_;
  std::string verifier_;
  std::int64_t authorize_until_us_ = 0;
  Error problem_{ErrorKind::invalid, {}};
};

/// The reason why a client must not be asked for: its settings do not go together. Empty where they do.
std::string problem_of(const OAuthSettings& settings);

}  // namespace doorward::upstream
