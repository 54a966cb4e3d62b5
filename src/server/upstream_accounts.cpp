#include "server/upstream_accounts.h"

#include <algorithm>

#include "base/log.h"
#include "server/upstream_account.h"

namespace doorward::server {
namespace {

using upstream::OAuthFlow;
using upstream::OAuthSettings;
using upstream::TokenNeed;

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kNever = INT64_MAX;
/// After a failure that may pass, and after a fresh token that the server refuses.
constexpr std::int64_t kPauseUs = 5 * kSecond;
constexpr std::int64_t kAheadUs = 60 * kSecond;

}  // namespace

UpstreamAccounts::UpstreamAccounts(io::Loop& loop, io::Fetcher& fetcher, AccountBook& book,
                                   upstream::TokenBoard& board, RecordEvent record, const Clock& clock)
    : loop_(loop),
      fetcher_(fetcher),
      book_(book),
      board_(board),
      record_(std::move(record)),
      clock_(clock),
      self_(std::make_shared<UpstreamAccounts*>(this)) {}

UpstreamAccounts::~UpstreamAccounts() {
  *self_ = nullptr;
}

Status UpstreamAccounts::load() {
  auto kept = book_.load();
  if (!kept) return std::unexpected(kept.error());
  for (KeptAccount& one : *kept) {
    Account& account = account_of({one.server, one.owner});
    account.kept = std::move(one);
    account.token = ++tokens_;
  }
  return {};
}

UpstreamAccounts::Account& UpstreamAccounts::account_of(const Key& key) {
  std::unique_ptr<Account>& account = accounts_[key];
  if (!account) {
    account = std::make_unique<Account>(*this, key, board_.slot(key.first, key.second));
    const auto server = servers_.find(key.first);
    if (server != servers_.end()) account->settings = server->second;
  }
  return *account;
}

void UpstreamAccounts::set_inventory(const Inventory& inventory) {
  servers_.clear();
  grants_.clear();
  for (const ServerItem& item : inventory.servers) {
    const bool wants = item.settings->is_http() && item.settings->http().oauth.has_value();
    if (wants) servers_.emplace(item.settings->name, item.settings);
  }
  for (const GrantItem& item : inventory.grants) {
    if (item.grant->is_revoked()) continue;
    const BundleItem* bundle = inventory.bundle(item.grant->server);
    if (bundle == nullptr) {
      grants_.emplace_back(item.grant->id, item.grant->server);
      continue;
    }
    for (const auto& member : bundle->settings->members) grants_.emplace_back(item.grant->id, member.server);
  }
  for (const auto& [key, account] : accounts_) {
    const auto server = servers_.find(key.first);
    const auto settings = server == servers_.end() ? nullptr : server->second;
    const bool same = account->settings && settings && account->settings->http().url() == settings->http().url() &&
                      account->settings->http().oauth == settings->http().oauth;
    if (!same && account->flow) {
      account->flow->give_up("the server's settings have changed");
      drive(*account);
    }
    account->settings = settings;
    const bool lives = key.second.empty() || std::ranges::any_of(grants_, [&](const auto& grant) {
                         return grant.first == key.second;
                       });
    if (!lives && account->kept) {
      static_cast<void>(disconnect(key.first, key.second));
    } else if (!settings) {
      publish_problem(*account, "the server wants no account any more", kNever);
    } else if (!same && settings) {
      account->problem.clear();
      account->refused = account->wants_rights = false;
      publish(*account);
    }
  }
}

void UpstreamAccounts::take_demands() {
  for (const upstream::TokenDemand& demand : board_.take()) serve(demand);
}

void UpstreamAccounts::serve(const upstream::TokenDemand& demand) {
  Account& account = account_of({demand.slot->server(), demand.slot->owner()});
  if (!account.settings) return publish_problem(account, "the server wants no account any more", kNever);
  // What was sent with an older token than the present one finds it by itself; and one exchange serves all.
  if (account.renewing() || demand.token != demand.slot->state()->token) return;
  switch (demand.need) {
    case TokenNeed::missing:
      return renew(account);
    case TokenNeed::refused: {
      account.refused = true;
      const std::int64_t now = clock_.wall_us();
      if (now - account.refusal_us < kPauseUs) {
        return publish_problem(account, "the server refuses a fresh token", now + kPauseUs);
      }
      account.refusal_us = now;
      return renew(account);
    }
    case TokenNeed::scope:
      return want_scope(account, demand);
  }
}

void UpstreamAccounts::want_scope(Account& account, const upstream::TokenDemand& demand) {
  const std::string held = account.kept ? account.kept->account.scope : std::string();
  const std::string& wanted = demand.challenge.scope;
  if (wanted.empty() || upstream::has_scopes(upstream::join_scopes(held, account.wanted_scope), wanted)) {
    account.problem = "the server asks for more rights, and names none that were not asked for";
    return publish(account);
  }
  account.wanted_scope = upstream::join_scopes(account.wanted_scope, wanted);
  record("account.more_rights", account, "scope", account.wanted_scope);
  if (account.client_credentials()) {
    return begin_flow(account, upstream::join_scopes(held, account.wanted_scope), {}, {});
  }
  account.wants_rights = true;
  account.problem = "the server asks for more rights (" + wanted + "); connect the account again";
  publish(account);
}

void UpstreamAccounts::renew(Account& account) {
  if (account.client_credentials()) {
    const std::string held = account.kept ? account.kept->account.scope : std::string();
    return begin_flow(account, upstream::join_scopes(held, account.wanted_scope), {}, {});
  }
  if (account.kept && !account.kept->account.refresh_token.empty()) return refresh(account);
  if (account.kept) account.refused = true;
  publish_problem(account, account.kept ? "the account's token is good no more; connect it again"
                                        : "no account is connected",
                  kNever);
}

void UpstreamAccounts::refresh(Account& account) {
  auto request = OAuthFlow::refresh_request(account.target(), account.kept->account, clock_.wall_us());
  if (!request) return publish_problem(account, request.error().message, clock_.wall_us() + kPauseUs);
  account.refreshing = true;
  fetch(account, std::move(*request), &Account::refresh_exchange,
        [](Account& of, Result<io::FetchAnswer> answer) { of.owner.refreshed(of, std::move(answer)); });
}

void UpstreamAccounts::refreshed(Account& account, Result<io::FetchAnswer> answer) {
  account.refreshing = false;
  if (!account.kept || !account.settings) return;
  // It could not be asked, or has a bad moment: the account may still be good.
  if (!answer || answer->status >= 500 || answer->status == 429) {
    const std::string why = answer ? "the authorization server has a failure" : answer.error().message;
    const upstream::OAuthAccount& held = account.kept->account;
    log_line(LogLevel::warning, "an account could not be renewed",
             {{"server", account.key.first}, {"owner", account.key.second}, {"why", why}});
    account.problem = why;
    if (account.refused || held.expires_us <= clock_.wall_us()) {
      return publish_problem(account, why, clock_.wall_us() + kPauseUs);
    }
    publish(account);
    return account.ahead.arm(loop_, kPauseUs);
  }
  auto fresh = OAuthFlow::refreshed(account.kept->account, *answer, clock_.wall_us());
  if (!fresh) {
    account.refused = true;
    account.kept->account.refresh_token.clear();
    account.kept->account.access_token.clear();
    if (const Status saved = book_.save(*account.kept, clock_.wall_us()); !saved) {
      log_line(LogLevel::error, "an account could not be stored", {{"why", saved.error().message}});
    }
    record("account.refused", account, "why", fresh.error().message);
    return publish_problem(account, fresh.error().message + "; connect the account again", kNever);
  }
  keep(account, std::move(*fresh));
  record("account.renewed", account);
}

void UpstreamAccounts::keep(Account& account, upstream::OAuthAccount fresh) {
  account.kept->account = std::move(fresh);
  account.token = ++tokens_;
  account.refused = false;
  account.problem.clear();
  // A rotated refresh token that is not stored is lost at the next start; the account still serves until then.
  if (const Status saved = book_.save(*account.kept, clock_.wall_us()); !saved) {
    log_line(LogLevel::error, "an account could not be stored",
             {{"server", account.key.first}, {"why", saved.error().message}});
  }
  publish(account);
}

void UpstreamAccounts::publish(Account& account) {
  const bool same_server = account.kept && account.settings && account.kept->url == account.settings->http().url();
  if (!same_server || account.refused || account.kept->account.access_token.empty()) {
    const bool renewable = account.client_credentials() || (same_server && !account.kept->account.refresh_token.empty());
    return publish_problem(account, account.problem.empty() ? "no account is connected" : account.problem,
                           renewable ? 0 : kNever);
  }
  upstream::TokenState state;
  state.token = account.token;
  state.line = "Authorization: Bearer " + account.kept->account.access_token + "\r\n";
  state.expires_us = account.kept->account.expires_us;
  state.problem = account.problem;
  account.slot->publish(std::move(state));
  if (account.kept->account.expires_us == 0) return account.ahead.disarm();
  const std::int64_t left = account.kept->account.expires_us - clock_.wall_us();
  account.ahead.arm(loop_, std::max(left - std::min(kAheadUs, left / 5), kSecond));
}

void UpstreamAccounts::publish_problem(Account& account, std::string problem, std::int64_t retry_us) {
  account.problem = problem;
  upstream::TokenState state;
  state.token = account.slot->state()->token;
  state.problem = std::move(problem);
  state.retry_us = retry_us;
  account.slot->publish(std::move(state));
}

Result<bool> UpstreamAccounts::disconnect(const std::string& server, const std::string& owner) {
  const auto removed = book_.remove(server, owner);
  if (!removed) return removed;
  Account& account = account_of({server, owner});
  if (account.flow) {
    account.flow->give_up("the account was disconnected");
    drive(account);
  }
  ++account.refresh_exchange;
  account.refreshing = false;
  account.ahead.disarm();
  account.kept.reset();
  account.wanted_scope.clear();
  account.refused = account.wants_rights = false;
  const bool renewable = account.settings && account.client_credentials();
  publish_problem(account, "no account is connected", renewable ? 0 : kNever);
  account.problem.clear();
  if (*removed) record("account.disconnected", account);
  return removed;
}

std::optional<bool> UpstreamAccounts::per_grant(std::string_view server) const {
  const auto found = servers_.find(server);
  if (found == servers_.end()) return std::nullopt;
  return found->second->http().oauth->per_grant;
}

std::vector<UpstreamAccounts::View> UpstreamAccounts::views() const {
  std::vector<View> views;
  const auto add = [&](const upstream::ServerSettings& settings, const std::string& owner) {
    View view;
    view.server = settings.name;
    view.owner = owner;
    view.client_credentials = settings.http().oauth->grant == OAuthSettings::Grant::client_credentials;
    view.state = "not connected";
    const auto found = accounts_.find({settings.name, owner});
    if (found != accounts_.end()) {
      const Account& account = *found->second;
      view.problem = account.problem;
      if (account.kept && account.kept->url == settings.http().url()) {
        const KeptAccount& kept = *account.kept;
        view.issuer = kept.account.issuer;
        view.scope = kept.account.scope;
        view.actor = kept.actor;
        view.connected_us = kept.connected_us;
        view.expires_us = kept.account.expires_us;
        view.renewable = view.client_credentials || !kept.account.refresh_token.empty();
        view.state = account.refused ? "refused" : account.wants_rights ? "more rights wanted" : "connected";
      }
      if (account.flow) view.state = "connecting";
    }
    views.push_back(std::move(view));
  };
  for (const auto& [name, settings] : servers_) {
    if (!settings->http().oauth->per_grant) {
      add(*settings, {});
      continue;
    }
    for (const auto& [grant, server] : grants_) {
      if (server == name) add(*settings, grant);
    }
  }
  return views;
}

void UpstreamAccounts::record(std::string_view event, const Account& account, std::string_view more_key,
                              std::string_view more) {
  std::vector<audit::EventRecord::Field> fields = {{"server", std::string_view(account.key.first)},
                                                   {"grant", std::string_view(account.key.second)}};
  if (!account.actor.empty()) fields.push_back({"actor", std::string_view(account.actor)});
  if (!more_key.empty()) fields.push_back({more_key, more});
  record_(event, fields);
}

}  // namespace doorward::server
