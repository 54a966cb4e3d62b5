#include "store/store.h"

#include <algorithm>

#include "base/text.h"
#include "store/migrations.h"
#include "store/rows.h"

namespace doorward::store {
namespace {

constexpr std::size_t kLongestName = 64;

ServerRow read_server(const Statement& row) {
  return {row.text(0), row.text(1), row.text(2), row.number(3), row.number(4), row.number(5)};
}

constexpr std::string_view kServerColumns =
    "SELECT uuid, name, settings, created_us, updated_us, revision FROM servers ";

std::string no_server(std::string_view name) {
  return "there is no server " + std::string(name) + " in the store";
}

}  // namespace

bool is_server_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && std::ranges::all_of(name, [](char c) {
    return is_alnum(c) || c == '-' ||
           c == '_' || c == '.';
  });
}

Result<std::unique_ptr<Store>> Store::open(const std::string& directory, const DatabaseOptions& options) {
  auto database = Database::open(directory + "/doorward.db", migrations(), options);
  if (!database) return std::unexpected(database.error());
  return std::unique_ptr<Store>(new Store(*std::move(database)));
}

// --- servers
// -------------------------------------------------------------------------------------------------------

Result<std::vector<ServerRow>> Store::servers() {
  auto query = database_->prepare(std::string(kServerColumns) + "ORDER BY name");
  if (!query) return std::unexpected(query.error());
  return all_rows(*query, read_server);
}

Result<ServerRow> Store::server(std::string_view name_or_uuid) {
  auto query =
      database_->prepare(std::string(kServerColumns) + "WHERE name = ?1 OR uuid = ?1 ORDER BY name <> ?1");
  if (!query) return std::unexpected(query.error());
  query->bind(name_or_uuid);
  return one_row(*query, read_server, no_server(name_or_uuid));
}

Result<ServerRow> Store::add_server(std::string_view name, std::string_view uuid, std::string_view settings,
                                    std::int64_t now_us) {
  if (!is_server_name(name)) {
    return fail(ErrorKind::invalid, "a server's name is 1 to 64 of a-z, 0-9 and hyphen");
  }
  auto transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  const auto existing = server(name);
  if (existing) {
    return fail(ErrorKind::conflict,
                "a server " + std::string(name) + " exists already; choose another name");
  }
  if (existing.error().kind != ErrorKind::not_found) return std::unexpected(existing.error());
  auto insert = database_->prepare("INSERT INTO servers VALUES (?, ?, ?, ?, ?, 1)");
  if (!insert) return std::unexpected(insert.error());
  if (auto done = insert->bind(uuid).bind(name).bind(settings).bind(now_us).bind(now_us).run(); !done) {
    return std::unexpected(done.error());
  }
  auto stored = server(name);
  if (auto done = transaction->commit(); !done) return std::unexpected(done.error());
  return stored;
}

Result<ServerRow> Store::set_server(std::string_view name, std::string_view settings, std::int64_t now_us,
                                    std::optional<std::int64_t> expected) {
  auto transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  const auto found = server(name);
  if (!found) return found;
  if (auto same = check_revision("server " + found->name, found->revision, expected); !same) {
    return std::unexpected(same.error());
  }
  auto update = database_->prepare(
      "UPDATE servers SET settings = ?, updated_us = ?, revision = revision + 1 WHERE uuid = ?");
  if (!update) return std::unexpected(update.error());
  if (auto done = update->bind(settings).bind(now_us).bind(found->uuid).run(); !done) {
    return std::unexpected(done.error());
  }
  auto stored = server(found->uuid);
  if (auto done = transaction->commit(); !done) return std::unexpected(done.error());
  return stored;
}

Status Store::remove_server(std::string_view name, std::optional<std::int64_t> expected) {
  auto transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  const auto found = server(name);
  if (!found) return std::unexpected(found.error());
  if (auto same = check_revision("server " + found->name, found->revision, expected); !same) return same;

  auto used = database_->prepare(
      "SELECT 'policy ' || name FROM policies WHERE server = ?1 "
      "UNION ALL SELECT 'grant ' || label FROM grants WHERE server = ?1 AND revoked_us IS NULL LIMIT 1");
  if (!used) return std::unexpected(used.error());
  const auto row = used->bind(found->name).step();
  if (!row) return std::unexpected(row.error());
  if (*row) {
    return fail(ErrorKind::conflict,
                "server " + found->name + " is used by the " + used->text(0) + "; remove that first");
  }

  auto remove = database_->prepare("DELETE FROM servers WHERE uuid = ?");
  if (!remove) return std::unexpected(remove.error());
  if (auto done = remove->bind(found->uuid).run(); !done) return done;
  return transaction->commit();
}

// --- settings
// ------------------------------------------------------------------------------------------------------

Result<std::optional<std::string>> Store::setting(std::string_view key) {
  auto query = database_->prepare("SELECT value FROM settings WHERE key = ?");
  if (!query) return std::unexpected(query.error());
  const auto row = query->bind(key).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::nullopt;
  return query->text(0);
}

Status Store::set_setting(std::string_view key, std::string_view value) {
  auto transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  auto set = database_->prepare(
      "INSERT INTO settings VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value");
  if (!set) return std::unexpected(set.error());
  if (auto done = set->bind(key).bind(value).run(); !done) return done;
  return transaction->commit();
}

}  // namespace doorward::store
