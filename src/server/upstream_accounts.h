#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "audit/record.h"
#include "base/clock.h"
#include "base/result.h"
#include "identity/role.h"
#include "io/fetch.h"
#include "io/loop.h"
#include "server/account_book.h"
#include "server/event_log.h"
#include "server/inventory.h"
#include "server/redirect_listener.h"
#include "upstream/oauth_flow.h"
#include "upstream/token_slot.h"

namespace doorward::server {

/// The gateway's accounts at the servers that want OAuth tokens: gets, keeps, renews and forgets tokens, and tells the
/// workers by the token board. For each account at most one exchange with the authorization server is under way, however
/// many requests wait for it (attack case T246). Control thread.
class UpstreamAccounts {
 public:
  /// All outlive this.
  UpstreamAccounts(io::Loop& loop, io::Fetcher& fetcher, AccountBook& book, upstream::TokenBoard& board, RecordEvent record,
                   const Clock& clock = system_clock());
  ~UpstreamAccounts();

  /// Reads the store; once, before the first set_inventory.
  Status load();
  /// Goes by these servers and grants from now on: an account of a server that has another URL, or of a grant that is
  /// revoked, is used no more; those of revoked grants are forgotten.
  void set_inventory(const Inventory& inventory);
  /// Serves what the workers want.
  void take_demands();

  /// How far a connection is.
  struct Begun {
    bool connected = false;     ///< there is nothing for a person to do
    std::string url;            ///< to open in a browser
    std::string redirect;       ///< where the browser comes back to
  };
  using Reply = std::move_only_function<void(Result<Begun>)>;
  /// Gets an account for a server, or for a grant at it; `owner` is the grant's id, or empty. Another connection of the
  /// same account that is under way ends. `reply` runs once, later.
  void connect(const std::string& server, const std::string& owner, const std::string& actor, Reply reply);
  /// false where there was none. Tokens are out of use when it returns.
  Result<bool> disconnect(const std::string& server, const std::string& owner);

  /// What may be shown of an account.
  struct View {
    std::string server;
    std::string owner;
    bool client_credentials = false;
    std::string state;    ///< connected, connecting, `not connected`, refused or `more rights wanted`
    std::string problem;  ///< why it is not connected, or what went wrong last
    std::string issuer;
    std::string scope;
    std::string actor;
    std::int64_t connected_us = 0;  ///< 0: never
    std::int64_t expires_us = 0;    ///< of the access token; 0: not told
    bool renewable = false;
  };
  /// One for each server with `oauth`, or for each of its grants, in the order of the names.
  std::vector<View> views() const;
  /// Whether the server is one that wants accounts, and whether each grant has its own; nothing where it is not.
  std::optional<bool> per_grant(std::string_view server) const;

 private:
  struct Account;
  using Key = std::pair<std::string, std::string>;

  Account& account_of(const Key& key);
  void serve(const upstream::TokenDemand& demand);
  void want_scope(Account& account, const upstream::TokenDemand& demand);
  /// Gets another token without a person, or says why there is none.
  void renew(Account& account);
  void refresh(Account& account);
  void refreshed(Account& account, Result<io::FetchAnswer> answer);
  // upstream_accounts_flow.cpp
  void begin_flow(Account& account, std::string scope, std::string actor, Reply reply);
  void drive(Account& account);
  void listen(Account& account);
  void finished(Account& account);
  void failed(Account& account);
  using Then = std::function<void(Account&, Result<io::FetchAnswer>)>;
  /// `exchange`: which of the account's counters numbers it; the answer to an older one is not used.
  void fetch(Account& account, io::FetchRequest request, std::uint64_t Account::*exchange, Then then);
  void keep(Account& account, upstream::OAuthAccount fresh);
  void publish(Account& account);
  void publish_problem(Account& account, std::string problem, std::int64_t retry_us);
  void record(std::string_view event, const Account& account, std::string_view more_key = {}, std::string_view more = {});

  io::Loop& loop_;
  io::Fetcher& fetcher_;
  AccountBook& book_;
  upstream::TokenBoard& board_;
  RecordEvent record_;
  const Clock& clock_;
  std::map<std::string, std::shared_ptr<const upstream::ServerSettings>, std::less<>> servers_;
  std::vector<std::pair<std::string, std::string>> grants_;  ///< id and the name of a server that it reaches
  std::map<Key, std::unique_ptr<Account>> accounts_;
  std::uint64_t tokens_ = 0;  ///< numbers given
  std::shared_ptr<UpstreamAccounts*> self_;
};

}  // namespace doorward::server
