#include "store/secrets.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/hash.h"
#include "store/rows.h"

namespace doorward::store {
namespace {

constexpr std::string_view kColumns = "SELECT name, version, key_id, created_us, updated_us FROM secrets";

std::span<const std::uint8_t> blob_of(std::string_view bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

std::string text_of(std::span<const std::uint8_t> blob) {
  return {reinterpret_cast<const char*>(blob.data()), blob.size()};
}

SecretRow read_secret(const Statement& row) {
  return {row.text(0), row.number(1), row.text(2), row.number(3), row.number(4)};
}

/// Names hold no line feed, so that no two secrets ever make the same text.
std::string place(std::string_view what, std::string_view name, std::int64_t version,
                  std::string_view key_id = {}) {
  std::string text = "doorward secret 1\n";
  text.append(what).append("\n").append(name).append("\n").append(std::to_string(version)).append("\n");
  return text.append(key_id);
}

Result<SealingKey> unwrap(std::string_view name, std::int64_t version, std::string_view key_id,
                          std::string_view wrapped, const std::vector<SealingKey>& masters) {
  const auto master = std::ranges::find(masters, key_id, &SealingKey::id);
  if (master == masters.end()) {
    return fail(ErrorKind::unavailable, "the master key " + std::string(key_id) +
                                            ", under which the secret \"" + std::string(name) +
                                            "\" is sealed, is not here; restore it, or set the "
                                            "secret anew");
  }
  auto bytes = unseal(*master, wrapped, place("key", name, version, key_id));
  if (!bytes) {
    return fail(ErrorKind::corrupt,
                "the row of the secret \"" + std::string(name) +
                    "\" does not open: it was changed, or is another secret's; set it anew");
  }
  auto key = SealingKey::from(*bytes);
  wipe(*bytes);
  return key;
}

Status missing(std::string_view name) {
  return fail(ErrorKind::not_found,
              "there is no secret \"" + std::string(name) +
                  "\"; `doorward secret list` shows them, `doorward secret set` makes one");
}

}  // namespace

struct Secrets::Sealed {
  std::string name;
  std::int64_t version;
  std::string key_id;
  std::string wrapped_key;
  std::string sealed;
};

Result<std::vector<SecretRow>> Secrets::list() {
  auto statement = database_.prepare(std::string(kColumns) + " ORDER BY name");
  if (!statement) return std::unexpected(statement.error());
  return all_rows(*statement, read_secret);
}

Result<std::optional<SecretRow>> Secrets::find(std::string_view name) {
  auto statement = database_.prepare(std::string(kColumns) + " WHERE name = ?");
  if (!statement) return std::unexpected(statement.error());
  auto rows = all_rows(statement->bind(name), read_secret);
  if (!rows) return std::unexpected(rows.error());
  return rows->empty() ? std::optional<SecretRow>() : std::move(rows->front());
}

Result<std::optional<Secrets::Sealed>> Secrets::row(std::string_view name) {
  auto statement =
      database_.prepare("SELECT name, version, key_id, wrapped_key, sealed FROM secrets WHERE name = ?");
  if (!statement) return std::unexpected(statement.error());
  auto rows = all_rows(statement->bind(name), [](const Statement& row) {
    return Sealed{row.text(0), row.number(1), row.text(2), text_of(row.blob(3)), text_of(row.blob(4))};
  });
  if (!rows) return std::unexpected(rows.error());
  return rows->empty() ? std::optional<Sealed>() : std::move(rows->front());
}

Result<SecretRow> Secrets::put(std::string_view name, std::string_view value, const SealingKey& master,
                               std::int64_t now_us, std::optional<std::int64_t> expected) {
  auto transaction = Transaction::begin(database_);
  if (!transaction) return std::unexpected(transaction.error());
  auto old = find(name);
  if (!old) return std::unexpected(old.error());
  const std::int64_t before = *old ? (*old)->version : 0;
  if (Status same = check_revision("the secret", before, expected); !same)
    return std::unexpected(same.error());
  SecretRow row{std::string(name), before + 1, master.id(), *old ? (*old)->created_us : now_us, now_us};
  const SealingKey key = SealingKey::draw();
  const std::string sealed = seal(key, value, place("value", name, row.version));
  const std::string wrapped = seal(master, key.bytes(), place("key", name, row.version, row.key_id));
  auto statement = database_.prepare(
      "INSERT OR REPLACE INTO secrets (name, version, key_id, wrapped_key, sealed, created_us, updated_us) "
      "VALUES (?, ?, ?, ?, ?, ?, ?)");
  if (!statement) return std::unexpected(statement.error());
  statement->bind(row.name).bind(row.version).bind(row.key_id).bind(blob_of(wrapped)).bind(blob_of(sealed));
  if (Status done = statement->bind(row.created_us).bind(row.updated_us).run(); !done)
    return std::unexpected(done.error());
  if (Status done = transaction->commit(); !done) return std::unexpected(done.error());
  return row;
}

Result<std::string> Secrets::open(std::string_view name, const std::vector<SealingKey>& masters) {
  auto found = row(name);
  if (!found) return std::unexpected(found.error());
  if (!*found) return std::unexpected(missing(name).error());
  const Sealed& sealed = **found;
  const auto key = unwrap(sealed.name, sealed.version, sealed.key_id, sealed.wrapped_key, masters);
  if (!key) return std::unexpected(key.error());
  auto value = unseal(*key, sealed.sealed, place("value", sealed.name, sealed.version));
  if (value) return std::move(*value);
  return fail(ErrorKind::corrupt,
              "the row of the secret \"" + std::string(name) +
                  "\" does not open: it was changed, or is another secret's; set it anew");
}

Status Secrets::remove(std::string_view name, std::optional<std::int64_t> expected) {
  auto transaction = Transaction::begin(database_);
  if (!transaction) return std::unexpected(transaction.error());
  auto old = find(name);
  if (!old) return std::unexpected(old.error());
  if (!*old) return missing(name);
  if (Status same = check_revision("the secret", (*old)->version, expected); !same) return same;
  auto statement = database_.prepare("DELETE FROM secrets WHERE name = ?");
  if (!statement) return std::unexpected(statement.error());
  if (Status done = statement->bind(name).run(); !done) return done;
  return transaction->commit();
}

Result<std::size_t> Secrets::rewrap(const std::vector<SealingKey>& masters, const SealingKey& next) {
  auto transaction = Transaction::begin(database_);
  if (!transaction) return std::unexpected(transaction.error());
  auto all = list();
  if (!all) return std::unexpected(all.error());
  const std::string next_id = next.id();
  std::size_t wrapped = 0;
  for (const SecretRow& secret : *all) {
    if (secret.key_id == next_id) continue;
    auto found = row(secret.name);
    if (!found || !*found) return std::unexpected(found ? missing(secret.name).error() : found.error());
    auto key = unwrap(secret.name, secret.version, secret.key_id, (*found)->wrapped_key, masters);
    if (!key) return std::unexpected(key.error());
    auto statement = database_.prepare("UPDATE secrets SET key_id = ?, wrapped_key = ? WHERE name = ?");
    if (!statement) return std::unexpected(statement.error());
    const std::string anew = seal(next, key->bytes(), place("key", secret.name, secret.version, next_id));
    if (Status done = statement->bind(next_id).bind(blob_of(anew)).bind(secret.name).run(); !done)
      return std::unexpected(done.error());
    ++wrapped;
  }
  if (Status done = transaction->commit(); !done) return std::unexpected(done.error());
  return wrapped;
}

}  // namespace doorward::store
