#include "base/hash.h"
#include "store/rows.h"
#include "store/store.h"

namespace doorward::store {
namespace {

PolicyRow read_policy(const Statement& row) {
  return {row.text(0), row.text(1), row.number(2), row.number(3), row.number(4), row.number(5)};
}

PolicyVersion read_version(const Statement& row) {
  return {row.number(0), row.text(1), digest_at(row, 2), row.text(3), row.text(4), row.number(5)};
}

constexpr std::string_view kPolicyColumns =
    "SELECT server, name, current, revision, created_us, updated_us FROM policies ";
constexpr std::string_view kVersionColumns =
    "SELECT version, text, sha256, author, comment, created_us FROM policy_versions ";

std::string no_policy(std::string_view server, std::string_view name) {
  return "server " + std::string(server) + " has no policy " + std::string(name) + " in the store";
}

}  // namespace

Result<std::vector<PolicyRow>> Store::policies() {
  auto query = database_->prepare(std::string(kPolicyColumns) + "ORDER BY server, name");
  if (!query) return std::unexpected(query.error());
  return all_rows(*query, read_policy);
}

Result<PolicyRow> Store::policy(std::string_view server, std::string_view name) {
  auto query = database_->prepare(std::string(kPolicyColumns) + "WHERE server = ? AND name = ?");
  if (!query) return std::unexpected(query.error());
  query->bind(server).bind(name);
  return one_row(*query, read_policy, no_policy(server, name));
}

Result<PolicyRow> Store::put_policy(std::string_view server, std::string_view name, std::string_view text,
                                    std::string_view author, std::string_view comment, std::int64_t now_us,
                                    std::optional<std::int64_t> expected) {
  auto transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  auto stored = put_version(server, name, text, author, comment, now_us, expected);
  if (!stored) return stored;
  if (auto done = transaction->commit(); !done) return std::unexpected(done.error());
  return stored;
}

Result<std::vector<PolicyRow>> Store::put_policies(std::span<const NewPolicy> policies, std::string_view author,
                                                   std::string_view comment, std::int64_t now_us) {
  auto transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  std::vector<PolicyRow> rows;
  for (const NewPolicy& policy : policies) {
    auto stored = put_version(policy.server, policy.name, policy.text, author, comment, now_us, std::nullopt);
    if (!stored) return std::unexpected(stored.error());
    rows.push_back(std::move(*stored));
  }
  if (auto done = transaction->commit(); !done) return std::unexpected(done.error());
  return rows;
}

Result<PolicyRow> Store::put_version(std::string_view server, std::string_view name, std::string_view text,
                                     std::string_view author, std::string_view comment, std::int64_t now_us,
                                     std::optional<std::int64_t> expected) {
  if (!is_server_name(server) || !is_name(name)) {
    return fail(ErrorKind::invalid, "a policy's name is 1 to 64 of letters, digits, '.', '_' and '-'");
  }
  const auto found = policy(server, name);
  if (!found && found.error().kind != ErrorKind::not_found) return found;
  const std::int64_t revision = found ? found->revision : 0;
  if (auto same = check_revision("policy " + std::string(name), revision, expected); !same) {
    return std::unexpected(same.error());
  }
  const Digest digest = sha256(text);
  if (found) {
    const auto current = policy_version(server, name, found->current);
    if (!current) return std::unexpected(current.error());
    if (current->sha256 == digest) return found;
  }
  if (auto added = add_version(server, name, text, digest, author, comment, now_us); !added) {
    return std::unexpected(added.error());
  }
  return policy(server, name);
}

Status Store::add_version(std::string_view server, std::string_view name, std::string_view text,
                          const Digest& digest, std::string_view author, std::string_view comment,
                          std::int64_t now_us) {
  auto insert = database_->prepare(
      "INSERT INTO policy_versions "
      "SELECT ?1, ?2, coalesce(max(version), 0) + 1, ?3, ?4, ?5, ?6, ?7 FROM policy_versions "
      "WHERE server = ?1 AND name = ?2");
  if (!insert) return std::unexpected(insert.error());
  insert->bind(server).bind(name).bind(text).bind(std::span(digest)).bind(author).bind(comment).bind(now_us);
  if (auto done = insert->run(); !done) return done;

  auto point = database_->prepare(
      "INSERT INTO policies SELECT ?1, ?2, max(version), 1, ?3, ?3 FROM policy_versions "
      "WHERE server = ?1 AND name = ?2 "
      "ON CONFLICT (server, name) DO UPDATE "
      "SET current = excluded.current, revision = revision + 1, updated_us = excluded.updated_us");
  if (!point) return std::unexpected(point.error());
  return point->bind(server).bind(name).bind(now_us).run();
}

Result<PolicyRow> Store::revert_policy(std::string_view server, std::string_view name, std::int64_t version,
                                       std::string_view author, std::int64_t now_us,
                                       std::optional<std::int64_t> expected) {
  auto transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  const auto found = policy(server, name);
  if (!found) return found;
  if (auto same = check_revision("policy " + found->name, found->revision, expected); !same) {
    return std::unexpected(same.error());
  }
  const auto old = policy_version(server, name, version);
  if (!old) return std::unexpected(old.error());
  const std::string comment = "Revert to version " + std::to_string(version);
  if (auto added = add_version(server, name, old->text, old->sha256, author, comment, now_us); !added) {
    return std::unexpected(added.error());
  }
  auto stored = policy(server, name);
  if (auto done = transaction->commit(); !done) return std::unexpected(done.error());
  return stored;
}

Result<PolicyVersion> Store::policy_version(std::string_view server, std::string_view name,
                                            std::int64_t version) {
  auto query =
      database_->prepare(std::string(kVersionColumns) + "WHERE server = ? AND name = ? AND version = ?");
  if (!query) return std::unexpected(query.error());
  query->bind(server).bind(name).bind(version);
  auto found =
      one_row(*query, read_version,
              "policy " + std::string(name) + " has no version " + std::to_string(version) + " in the store");
  if (found && sha256(found->text) != found->sha256) {
    return fail(ErrorKind::corrupt, "version " + std::to_string(version) + " of policy " + std::string(name) +
                                        " is not the text that was stored; restore the store from a backup");
  }
  return found;
}

Result<PolicyVersion> Store::current_policy(std::string_view server, std::string_view name) {
  const auto found = policy(server, name);
  if (!found) return std::unexpected(found.error());
  return policy_version(server, name, found->current);
}

Result<std::vector<PolicyVersion>> Store::policy_versions(std::string_view server, std::string_view name) {
  auto query = database_->prepare(std::string(kVersionColumns) +
                                  "WHERE server = ? AND name = ? ORDER BY version DESC");
  if (!query) return std::unexpected(query.error());
  query->bind(server).bind(name);
  return all_rows(*query, read_version);
}

Status Store::remove_policy(std::string_view server, std::string_view name,
                            std::optional<std::int64_t> expected) {
  auto transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  const auto found = policy(server, name);
  if (!found) return std::unexpected(found.error());
  if (auto same = check_revision("policy " + found->name, found->revision, expected); !same) return same;
  auto used = database_->prepare(
      "SELECT label FROM grants WHERE server = ? AND policy = ? AND revoked_us IS NULL LIMIT 1");
  if (!used) return std::unexpected(used.error());
  const auto row = used->bind(server).bind(name).step();
  if (!row) return std::unexpected(row.error());
  if (*row) {
    return fail(ErrorKind::conflict, "policy " + found->name + " is used by the grant " + used->text(0) +
                                         "; give it another policy or revoke it first");
  }
  auto remove = database_->prepare("DELETE FROM policies WHERE server = ? AND name = ?");
  if (!remove) return std::unexpected(remove.error());
  if (auto done = remove->bind(server).bind(name).run(); !done) return done;
  return transaction->commit();
}

}  // namespace doorward::store
