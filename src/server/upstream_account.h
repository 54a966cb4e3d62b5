#pragma once

#include "server/upstream_accounts.h"

namespace doorward::server {

/// One account with what is under way for it. Private to UpstreamAccounts.
struct UpstreamAccounts::Account {
  Account(UpstreamAccounts& accounts, Key name, std::shared_ptr<upstream::TokenSlot> token_slot)
      : owner(accounts), key(std::move(name)), slot(std::move(token_slot)) {}

  void renew_ahead() {
    // What nobody uses is renewed when somebody does.
    if (slot->take_used() && settings && !renewing()) owner.renew(*this);
  }
  void out_of_time() {
    if (!flow) return;
    flow->give_up("nobody came back from the authorization within 10 minutes");
    owner.drive(*this);
  }
  /// Another token is on its way, without a person.
  bool renewing() const { return refreshing || (flow && client_credentials()); }
  bool client_credentials() const {
    return settings->http().oauth->grant == upstream::OAuthSettings::Grant::client_credentials;
  }

  upstream::OAuthTarget target() const {
    const upstream::HttpTarget& http = settings->http();
    return {http.url(), http.headers, http.ca_file, *http.oauth};
  }

  UpstreamAccounts& owner;
  const Key key;  ///< server, owner
  std::shared_ptr<upstream::TokenSlot> slot;
  std::shared_ptr<const upstream::ServerSettings> settings;  ///< null: no such server wants tokens now
  std::optional<KeptAccount> kept;
  bool refused = false;        ///< the server takes its token no more
  bool wants_rights = false;   ///< more than the account has
  std::string wanted_scope;    ///< by the server's words, beside what the account has
  std::string problem;
  std::uint64_t token = 0;
  bool refreshing = false;
  std::unique_ptr<upstream::OAuthFlow> flow;
  std::unique_ptr<RedirectListener> listener;
  std::string actor;  ///< of the flow
  Reply reply;
  std::uint64_t flow_exchange = 0;     ///< number of what the flow fetches
  std::uint64_t refresh_exchange = 0;  ///< the same of the renewal
  std::int64_t refusal_us = 0;         ///< when the server's refusal last made us renew it
  io::Timer ahead{io::call<&Account::renew_ahead>, this};
  io::Timer patience{io::call<&Account::out_of_time>, this};
};

}  // namespace doorward::server
