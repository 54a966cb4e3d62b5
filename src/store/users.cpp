#include "store/users.h"

#include <algorithm>

#include "store/rows.h"

namespace doorward::store {
namespace {

constexpr std::string_view kUserColumns =
    "SELECT name, email, roles, password, disabled, created_us, updated_us, revision FROM users ";
constexpr std::string_view kTokenColumns =
    "SELECT id, user, label, roles, token_hash, token_hint, created_us, expires_us FROM access_tokens ";

UserRow read_user(const Statement& row) {
  UserRow user;
  user.name = row.text(0);
  user.email = row.text(1);
  user.roles = row.text(2);
  user.password = row.optional_text(3);
  user.disabled = row.number(4) != 0;
  user.created_us = row.number(5);
  user.updated_us = row.number(6);
  user.revision = row.number(7);
  return user;
}

AccessTokenRow read_token(const Statement& row) {
  AccessTokenRow token;
  token.id = row.text(0);
  token.user = row.text(1);
  token.label = row.text(2);
  token.roles = row.text(3);
  token.token_hash = digest_at(row, 4);
  token.token_hint = row.text(5);
  token.created_us = row.number(6);
  token.expires_us = row.number(7);
  return token;
}

Status read_groups(Database& database, UserRow& user) {
  auto query = database.prepare("SELECT name FROM user_groups WHERE user = ? ORDER BY name");
  if (!query) return std::unexpected(query.error());
  query->bind(user.name);
  auto groups = all_rows(*query, [](const Statement& row) { return row.text(0); });
  if (!groups) return std::unexpected(groups.error());
  user.groups = *std::move(groups);
  return {};
}

}  // namespace

bool is_user_name(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= 64 && is_letter(name.front()) && std::ranges::all_of(name, [&](char c) {
    return is_letter(c) || c == '.' || c == '_' || c == '-';
  });
}

Result<std::vector<UserRow>> Users::all() {
  auto query = database_.prepare(std::string(kUserColumns) + "ORDER BY name");
  if (!query) return std::unexpected(query.error());
  auto rows = all_rows(*query, read_user);
  if (!rows) return rows;
  for (UserRow& row : *rows) {
    if (auto done = read_groups(database_, row); !done) return std::unexpected(done.error());
  }
  return rows;
}

Result<UserRow> Users::find(std::string_view name) {
  auto query = database_.prepare(std::string(kUserColumns) + "WHERE name = ?");
  if (!query) return std::unexpected(query.error());
  query->bind(name);
  auto found = one_row(*query, read_user, "there is no user \"" + std::string(name) + "\"; `doorward user list` shows them");
  if (!found) return found;
  if (auto done = read_groups(database_, *found); !done) return std::unexpected(done.error());
  return found;
}

Status Users::put_groups(const UserRow& user) {
  auto old = database_.prepare("DELETE FROM user_groups WHERE user = ?");
  if (!old) return std::unexpected(old.error());
  if (auto done = old->bind(user.name).run(); !done) return done;
  for (const std::string& group : user.groups) {
    auto insert = database_.prepare("INSERT OR IGNORE INTO user_groups VALUES (?, ?)");
    if (!insert) return std::unexpected(insert.error());
    if (auto done = insert->bind(user.name).bind(group).run(); !done) return done;
  }
  return {};
}

Result<UserRow> Users::add(const UserRow& user) {
  if (!is_user_name(user.name)) {
    return fail(ErrorKind::invalid,
                "a user's name is 1 to 64 of a-z, 0-9, '.', '_' and '-', and begins with a letter or digit");
  }
  auto transaction = Transaction::begin(database_);
  if (!transaction) return std::unexpected(transaction.error());
  const auto twin = find(user.name);
  if (twin) return fail(ErrorKind::conflict, "a user \"" + user.name + "\" exists already; choose another name");
  if (twin.error().kind != ErrorKind::not_found) return std::unexpected(twin.error());
  auto insert = database_.prepare("INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, ?, 1)");
  if (!insert) return std::unexpected(insert.error());
  insert->bind(user.name).bind(user.email).bind(user.roles).bind(user.password);
  insert->bind(static_cast<std::int64_t>(user.disabled)).bind(user.created_us).bind(user.created_us);
  if (auto done = insert->run(); !done) return std::unexpected(done.error());
  if (auto done = put_groups(user); !done) return std::unexpected(done.error());
  auto stored = find(user.name);
  if (auto done = transaction->commit(); !done) return std::unexpected(done.error());
  return stored;
}

Result<UserRow> Users::set(const UserRow& user, std::optional<std::int64_t> expected) {
  auto transaction = Transaction::begin(database_);
  if (!transaction) return std::unexpected(transaction.error());
  const auto found = find(user.name);
  if (!found) return found;
  if (auto same = check_revision("user " + user.name, found->revision, expected); !same) {
    return std::unexpected(same.error());
  }
  auto update = database_.prepare(
      "UPDATE users SET email = ?, roles = ?, disabled = ?, updated_us = ?, revision = revision + 1 WHERE name = ?");
  if (!update) return std::unexpected(update.error());
  update->bind(user.email).bind(user.roles).bind(static_cast<std::int64_t>(user.disabled)).bind(user.updated_us);
  if (auto done = update->bind(user.name).run(); !done) return std::unexpected(done.error());
  if (auto done = put_groups(user); !done) return std::unexpected(done.error());
  auto stored = find(user.name);
  if (auto done = transaction->commit(); !done) return std::unexpected(done.error());
  return stored;
}

Status Users::set_password(std::string_view name, std::string_view hash, std::int64_t now_us) {
  auto update = database_.prepare("UPDATE users SET password = ?, updated_us = ? WHERE name = ?");
  if (!update) return std::unexpected(update.error());
  return update->bind(hash).bind(now_us).bind(name).run();
}

Status Users::remove(std::string_view name, std::optional<std::int64_t> expected) {
  auto transaction = Transaction::begin(database_);
  if (!transaction) return std::unexpected(transaction.error());
  const auto found = find(name);
  if (!found) return std::unexpected(found.error());
  if (auto same = check_revision("user " + found->name, found->revision, expected); !same) return same;
  auto gone = database_.prepare("DELETE FROM users WHERE name = ?");
  if (!gone) return std::unexpected(gone.error());
  if (auto done = gone->bind(name).run(); !done) return done;
  return transaction->commit();
}

Result<std::vector<AccessTokenRow>> Users::tokens(std::string_view user) {
  auto query = database_.prepare(std::string(kTokenColumns) + "WHERE ?1 = '' OR user = ?1 ORDER BY created_us, id");
  if (!query) return std::unexpected(query.error());
  query->bind(user);
  return all_rows(*query, read_token);
}

Result<AccessTokenRow> Users::token(std::string_view id) {
  auto query = database_.prepare(std::string(kTokenColumns) + "WHERE id = ?");
  if (!query) return std::unexpected(query.error());
  query->bind(id);
  return one_row(*query, read_token,
                 "there is no access token \"" + std::string(id) + "\"; `doorward token list` shows them");
}

Result<AccessTokenRow> Users::token_by_hash(const Digest& hash) {
  auto query = database_.prepare(std::string(kTokenColumns) + "WHERE token_hash = ?");
  if (!query) return std::unexpected(query.error());
  query->bind(std::span(hash));
  return one_row(*query, read_token, "there is no such access token");
}

Result<AccessTokenRow> Users::add_token(const AccessTokenRow& token) {
  auto insert = database_.prepare("INSERT INTO access_tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  if (!insert) return std::unexpected(insert.error());
  insert->bind(token.id).bind(token.user).bind(token.label).bind(token.roles).bind(std::span(token.token_hash));
  insert->bind(token.token_hint).bind(token.created_us).bind(token.expires_us);
  if (auto done = insert->run(); !done) return std::unexpected(done.error());
  return this->token(token.id);
}

Status Users::remove_token(std::string_view id) {
  auto gone = database_.prepare("DELETE FROM access_tokens WHERE id = ?");
  if (!gone) return std::unexpected(gone.error());
  return gone->bind(id).run();
}

Status Users::remove_tokens(std::string_view user) {
  auto gone = database_.prepare("DELETE FROM access_tokens WHERE user = ?");
  if (!gone) return std::unexpected(gone.error());
  return gone->bind(user).run();
}

}  // namespace doorward::store
