#include "store/sessions.h"

#include "store/rows.h"

namespace doorward::store {
namespace {

constexpr std::string_view kColumns =
    "SELECT id, token_hash, person, method, email, groups, address, agent, created_us, seen_us FROM sessions ";

/// Groups are kept one a line; a name with a line break was never taken from an issuer.
std::string join(const std::vector<std::string>& groups) {
  std::string text;
  for (const std::string& group : groups) text += group + '\n';
  return text;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> groups;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    groups.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return groups;
}

SessionRow read_session(const Statement& row) {
  SessionRow session;
  session.id = row.text(0);
  session.token_hash = digest_at(row, 1);
  session.person = row.text(2);
  session.method = row.text(3);
  session.email = row.text(4);
  session.groups = split(row.text(5));
  session.address = row.text(6);
  session.agent = row.text(7);
  session.created_us = row.number(8);
  session.seen_us = row.number(9);
  return session;
}

}  // namespace

Status Sessions::add(const SessionRow& session) {
  auto insert = database_.prepare("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  if (!insert) return std::unexpected(insert.error());
  insert->bind(session.id).bind(std::span(session.token_hash)).bind(session.person).bind(session.method);
  insert->bind(session.email).bind(join(session.groups)).bind(session.address).bind(session.agent);
  return insert->bind(session.created_us).bind(session.seen_us).run();
}

Result<SessionRow> Sessions::find(const Digest& token_hash) {
  auto query = database_.prepare(std::string(kColumns) + "WHERE token_hash = ?");
  if (!query) return std::unexpected(query.error());
  query->bind(std::span(token_hash));
  return one_row(*query, read_session, "there is no such session; log in");
}

Result<SessionRow> Sessions::find(std::string_view id) {
  auto query = database_.prepare(std::string(kColumns) + "WHERE id = ?");
  if (!query) return std::unexpected(query.error());
  query->bind(id);
  return one_row(*query, read_session, "there is no session \"" + std::string(id) + "\"");
}

Result<std::vector<SessionRow>> Sessions::all(std::string_view person) {
  auto query = database_.prepare(std::string(kColumns) + "WHERE ?1 = '' OR person = ?1 ORDER BY created_us, id");
  if (!query) return std::unexpected(query.error());
  query->bind(person);
  return all_rows(*query, read_session);
}

Status Sessions::see(std::string_view id, std::int64_t now_us) {
  auto update = database_.prepare("UPDATE sessions SET seen_us = ? WHERE id = ?");
  if (!update) return std::unexpected(update.error());
  return update->bind(now_us).bind(id).run();
}

Status Sessions::remove(std::string_view id) {
  auto gone = database_.prepare("DELETE FROM sessions WHERE id = ?");
  if (!gone) return std::unexpected(gone.error());
  return gone->bind(id).run();
}

Status Sessions::remove_all(std::string_view person) {
  auto gone = database_.prepare("DELETE FROM sessions WHERE person = ?");
  if (!gone) return std::unexpected(gone.error());
  return gone->bind(person).run();
}

Status Sessions::remove_old(std::int64_t seen_us, std::int64_t created_us) {
  auto gone = database_.prepare("DELETE FROM sessions WHERE seen_us < ? OR created_us < ?");
  if (!gone) return std::unexpected(gone.error());
  return gone->bind(seen_us).bind(created_us).run();
}

}  // namespace doorward::store
