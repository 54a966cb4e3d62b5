// Connecting an account: the steps of its flow, from the first request to the token.

#include "base/log.h"
#include "server/upstream_account.h"

namespace doorward::server {
namespace {

using upstream::OAuthFlow;

/// After a failure that may pass.
constexpr std::int64_t kPauseUs = 5'000'000;

}  // namespace

void UpstreamAccounts::connect(const std::string& server, const std::string& owner, const std::string& actor,
                               Reply reply) {
  Account& account = account_of({server, owner});
  if (!account.settings) return reply(fail(ErrorKind::not_found, "this server wants no account"));
  if (account.renewing()) {
    return reply(fail(ErrorKind::conflict, "the account is being renewed; try again in a moment"));
  }
  if (account.flow) {
    account.flow->give_up("another connection of the same account was begun");
    drive(account);
  }
  const std::string held = account.kept ? account.kept->account.scope : std::string();
  begin_flow(account, account.wanted_scope.empty() ? std::string() : upstream::join_scopes(held, account.wanted_scope),
             actor, std::move(reply));
}

void UpstreamAccounts::begin_flow(Account& account, std::string scope, std::string actor, Reply reply) {
  account.flow = std::make_unique<OAuthFlow>(account.target(), std::nullopt, std::move(scope));
  account.actor = actor.empty() ? "system" : std::move(actor);
  account.reply = std::move(reply);
  drive(account);
}

void UpstreamAccounts::drive(Account& account) {
  switch (account.flow->state()) {
    case OAuthFlow::State::fetching:
      return fetch(account, account.flow->request(), &Account::flow_exchange, [](Account& of, Result<io::FetchAnswer> answer) {
        if (!of.flow || of.flow->state() != OAuthFlow::State::fetching) return;
        of.flow->take(answer, of.owner.clock_.wall_us());
        of.owner.drive(of);
      });
    case OAuthFlow::State::registered:
      return listen(account);
    case OAuthFlow::State::authorizing:
      account.patience.arm(loop_, OAuthFlow::kLifetimeUs);
      if (account.reply) {
        std::exchange(account.reply, {})(Begun{false, account.flow->url(), account.flow->client().redirect});
      }
      return;
    case OAuthFlow::State::done:
      return finished(account);
    case OAuthFlow::State::failed:
      return failed(account);
  }
}

void UpstreamAccounts::listen(Account& account) {
  const std::string& configured = account.settings->http().oauth->redirect;
  const auto known = book_.registration(account.key.first, account.flow->issuer());
  const auto back = [this, key = account.key](std::string_view query) -> RedirectListener::Shown {
    Account& of = account_of(key);
    if (!of.flow) return {false, "no authorization is under way; begin again"};
    const Status taken = of.flow->back(query, clock_.wall_us());
    if (of.flow->state() == OAuthFlow::State::authorizing) return {false, taken.error().message};
    // The listener may go with the flow, and it is what called this.
    loop_.post([this, key, self = self_, flow = of.flow.get()] {
      if (*self == nullptr) return;
      Account& later = account_of(key);
      if (later.flow.get() == flow) drive(later);
    });
    if (!taken) return {false, taken.error().message};
    return {true, "the gateway has the answer. You can close this page; the command tells how it went."};
  };
  // An authorization server may know the gateway by the very port of an earlier time.
  const bool again = configured.empty() && known && known->redirect.starts_with("http://127.0.0.1:");
  auto opened = RedirectListener::open(loop_, again ? known->redirect : configured, back);
  if (!opened && again) opened = RedirectListener::open(loop_, {}, back);
  if (!opened) {
    account.flow->give_up(opened.error().message);
    return drive(account);
  }
  account.listener = std::move(*opened);
  account.flow->redirect_to(account.listener->url(), known, clock_.wall_us());
  drive(account);
}

void UpstreamAccounts::finished(Account& account) {
  const std::unique_ptr<OAuthFlow> flow = std::move(account.flow);
  account.listener.reset();
  account.patience.disarm();
  if (flow->fresh_client()) {
    const Status saved =
        book_.save_registration(account.key.first, flow->issuer(), flow->client(), clock_.wall_us());
    if (!saved) log_line(LogLevel::error, "a registration could not be stored", {{"why", saved.error().message}});
  }
  account.kept = KeptAccount{account.key.first, account.key.second, account.settings->http().url(), account.actor,
                             clock_.wall_us(), {}};
  account.wants_rights = false;
  if (!account.client_credentials()) account.wanted_scope.clear();
  upstream::OAuthAccount fresh = flow->account();
  // The secret of a client that the configuration names stays there.
  if (fresh.client.id == account.settings->http().oauth->client_id) fresh.client.secret.clear();
  keep(account, std::move(fresh));
  record(account.client_credentials() ? "account.renewed" : "account.connected", account, "issuer", flow->issuer());
  if (account.reply) std::exchange(account.reply, {})(Begun{true, {}, {}});
}

void UpstreamAccounts::failed(Account& account) {
  const std::unique_ptr<OAuthFlow> flow = std::move(account.flow);
  account.listener.reset();
  account.patience.disarm();
  const Error problem = flow->problem();
  account.problem = problem.message;
  record("account.failed", account, "why", problem.message);
  log_line(LogLevel::warning, "no account could be had",
           {{"server", account.key.first}, {"owner", account.key.second}, {"why", problem.message}});
  if (account.reply) std::exchange(account.reply, {})(std::unexpected(problem));
  if (!account.client_credentials()) return;
  account.wanted_scope.clear();
  const bool good = account.kept && !account.refused &&
                    (account.kept->account.expires_us == 0 || clock_.wall_us() < account.kept->account.expires_us);
  if (good) return publish(account);
  publish_problem(account, problem.message, clock_.wall_us() + kPauseUs);
}

void UpstreamAccounts::fetch(Account& account, io::FetchRequest request, std::uint64_t Account::*exchange, Then then) {
  const std::uint64_t number = ++(account.*exchange);
  fetcher_.fetch(std::move(request), loop_,
                 [self = self_, key = account.key, exchange, number,
                  then = std::move(then)](Result<io::FetchAnswer> answer) {
                   if (*self == nullptr) return;
                   Account& of = (*self)->account_of(key);
                   if (of.*exchange == number) then(of, std::move(answer));
                 });
}

}  // namespace doorward::server
