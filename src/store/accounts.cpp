#include "store/accounts.h"

#include "store/rows.h"

namespace doorward::store {
namespace {

AccountRow read_account(const Statement& row) {
  return {row.text(0), row.text(1), row.text(2), row.text(3),            row.text(4),
          row.text(5), row.text(6), row.optional_number(7), row.number(8), row.number(9)};
}

RegistrationRow read_registration(const Statement& row) {
  return {row.text(0), row.text(1), row.text(2), row.text(3), row.number(4)};
}

}  // namespace

Status Accounts::put(const AccountRow& account) {
  auto insert = database_.prepare("INSERT OR REPLACE INTO oauth_accounts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  if (!insert) return std::unexpected(insert.error());
  insert->bind(account.server).bind(account.owner).bind(account.url).bind(account.issuer).bind(account.scope);
  insert->bind(account.sealed).bind(account.actor).bind(account.expires_us).bind(account.connected_us);
  return insert->bind(account.updated_us).run();
}

Result<std::vector<AccountRow>> Accounts::all() {
  auto query = database_.prepare(
      "SELECT server, owner, url, issuer, scope, sealed, actor, expires_us, connected_us, updated_us "
      "FROM oauth_accounts ORDER BY server, owner");
  if (!query) return std::unexpected(query.error());
  return all_rows(*query, read_account);
}

Result<bool> Accounts::remove(std::string_view server, std::string_view owner) {
  auto remove = database_.prepare("DELETE FROM oauth_accounts WHERE server = ? AND owner = ?");
  if (!remove) return std::unexpected(remove.error());
  if (const Status done = remove->bind(server).bind(owner).run(); !done) return std::unexpected(done.error());
  return database_.changes() > 0;
}

Status Accounts::put(const RegistrationRow& registration) {
  auto insert = database_.prepare("INSERT OR REPLACE INTO oauth_registrations VALUES (?, ?, ?, ?, ?)");
  if (!insert) return std::unexpected(insert.error());
  insert->bind(registration.server).bind(registration.issuer).bind(registration.redirect);
  return insert->bind(registration.sealed).bind(registration.created_us).run();
}

Result<RegistrationRow> Accounts::registration(std::string_view server, std::string_view issuer) {
  auto query = database_.prepare(
      "SELECT server, issuer, redirect, sealed, created_us FROM oauth_registrations WHERE server = ? AND issuer = ?");
  if (!query) return std::unexpected(query.error());
  query->bind(server).bind(issuer);
  return one_row(*query, read_registration, "the gateway is not registered at " + std::string(issuer));
}

}  // namespace doorward::store
