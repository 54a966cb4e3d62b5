#include <algorithm>

#include "store/rows.h"
#include "store/store.h"

namespace doorward::store {
namespace {

GrantRow read_grant(const Statement& row) {
  GrantRow grant;
  grant.id = row.text(0);
  grant.label = row.text(1);
  grant.owner = row.text(2);
  grant.server = row.text(3);
  grant.policy = row.text(4);
  grant.token_hash = digest_at(row, 5);
  grant.token_hint = row.text(6);
  grant.created_us = row.number(7);
  grant.expires_us = row.optional_number(8);
  grant.revoked_us = row.optional_number(9);
  grant.rotated_us = row.optional_number(10);
  grant.version = row.number(11);
  grant.number = row.number(12);
  return grant;
}

constexpr std::string_view kGrantColumns =
    "SELECT id, label, owner, server, policy, token_hash, token_hint, created_us, expires_us, revoked_us, "
    "rotated_us, version, number FROM grants JOIN grant_numbers ON grant_id = id ";

}  // namespace

Status Store::read_labels(GrantRow& grant) {
  auto query = database_->prepare("SELECT key, value FROM grant_labels WHERE grant_id = ? ORDER BY key");
  if (!query) return std::unexpected(query.error());
  query->bind(grant.id);
  auto labels = all_rows(*query, [](const Statement& row) { return std::pair(row.text(0), row.text(1)); });
  if (!labels) return std::unexpected(labels.error());
  grant.labels = *std::move(labels);
  return {};
}

Result<std::vector<GrantRow>> Store::grants() {
  auto query = database_->prepare(std::string(kGrantColumns) + "ORDER BY label, created_us, id");
  if (!query) return std::unexpected(query.error());
  auto rows = all_rows(*query, read_grant);
  if (!rows) return rows;
  for (GrantRow& row : *rows) {
    if (auto done = read_labels(row); !done) return std::unexpected(done.error());
  }
  return rows;
}

Result<GrantRow> Store::grant(std::string_view id_or_label) {
  auto query = database_->prepare(std::string(kGrantColumns) +
                                  "WHERE id = ?1 OR (label = ?1 AND revoked_us IS NULL) ORDER BY id <> ?1");
  if (!query) return std::unexpected(query.error());
  query->bind(id_or_label);
  auto found = one_row(*query, read_grant,
                       "there is no grant " + std::string(id_or_label) +
                           " in the store, or it is revoked and must be named by its id");
  if (!found) return found;
  if (auto done = read_labels(*found); !done) return std::unexpected(done.error());
  return found;
}

Result<GrantRow> Store::add_grant(const GrantRow& grant) {
  if (!is_name(grant.label)) {
    return fail(ErrorKind::invalid, "a grant's label is 1 to 64 of letters, digits, '.', '_' and '-'");
  }
  auto transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  const auto existing = this->grant(grant.label);
  if (existing) {
    return fail(ErrorKind::conflict,
                "a grant " + grant.label + " exists already; choose another label or revoke it");
  }
  if (existing.error().kind != ErrorKind::not_found) return std::unexpected(existing.error());

  auto insert = database_->prepare("INSERT INTO grants VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, 1)");
  if (!insert) return std::unexpected(insert.error());
  insert->bind(grant.id).bind(grant.label).bind(grant.owner).bind(grant.server).bind(grant.policy);
  insert->bind(std::span(grant.token_hash))
      .bind(grant.token_hint)
      .bind(grant.created_us)
      .bind(grant.expires_us);
  if (auto done = insert->run(); !done) return std::unexpected(done.error());
  for (const auto& [key, value] : grant.labels) {
    auto label = database_->prepare("INSERT INTO grant_labels VALUES (?, ?, ?)");
    if (!label) return std::unexpected(label.error());
    if (auto done = label->bind(grant.id).bind(key).bind(value).run(); !done)
      return std::unexpected(done.error());
  }
  auto stored = this->grant(grant.id);
  if (auto done = transaction->commit(); !done) return std::unexpected(done.error());
  return stored;
}

template <typename Change>
Result<GrantRow> Store::change_grant(std::string_view id_or_label, std::optional<std::int64_t> expected,
                                     Change&& change) {
  auto transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  const auto found = grant(id_or_label);
  if (!found) return found;
  if (auto same = check_revision("grant " + found->label, found->version, expected); !same) {
    return std::unexpected(same.error());
  }
  Result<bool> changed = change(*found);
  if (!changed) return std::unexpected(changed.error());
  if (!*changed) return found;
  auto stored = grant(found->id);
  if (auto done = transaction->commit(); !done) return std::unexpected(done.error());
  return stored;
}

namespace {

Result<bool> changed(const Status& done) {
  if (!done) return std::unexpected(done.error());
  return true;
}

std::unexpected<Error> revoked(const GrantRow& grant) {
  return fail(ErrorKind::conflict, "grant " + grant.label + " is revoked; create another");
}

}  // namespace

Result<GrantRow> Store::rotate_grant(std::string_view id_or_label, const Digest& token_hash,
                                     std::string_view token_hint, std::int64_t now_us,
                                     std::optional<std::int64_t> expected) {
  return change_grant(id_or_label, expected, [&](const GrantRow& grant) -> Result<bool> {
    if (grant.revoked_us) return revoked(grant);
    auto update = database_->prepare(
        "UPDATE grants SET token_hash = ?, token_hint = ?, rotated_us = ?, version = version + 1 WHERE id = "
        "?");
    if (!update) return std::unexpected(update.error());
    update->bind(std::span(token_hash)).bind(token_hint).bind(now_us).bind(grant.id);
    return changed(update->run());
  });
}

Result<GrantRow> Store::revoke_grant(std::string_view id_or_label, std::int64_t now_us,
                                     std::optional<std::int64_t> expected) {
  return change_grant(id_or_label, expected, [&](const GrantRow& grant) -> Result<bool> {
    if (grant.revoked_us) return false;
    auto update = database_->prepare("UPDATE grants SET revoked_us = ?, version = version + 1 WHERE id = ?");
    if (!update) return std::unexpected(update.error());
    return changed(update->bind(now_us).bind(grant.id).run());
  });
}

Result<GrantRow> Store::set_grant_policy(std::string_view id_or_label, std::string_view policy,
                                         std::optional<std::int64_t> expected) {
  return change_grant(id_or_label, expected, [&](const GrantRow& grant) -> Result<bool> {
    if (grant.revoked_us) return revoked(grant);
    auto update = database_->prepare("UPDATE grants SET policy = ?, version = version + 1 WHERE id = ?");
    if (!update) return std::unexpected(update.error());
    return changed(update->bind(policy).bind(grant.id).run());
  });
}

}  // namespace doorward::store
