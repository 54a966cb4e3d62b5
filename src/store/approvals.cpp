#include "store/approvals.h"

#include <array>

#include "store/rows.h"

namespace doorward::store {
namespace {

constexpr std::array<std::string_view, 6> kStates = {"pending", "approved", "denied", "used", "expired", "cancelled"};

constexpr std::string_view kColumns =
    "SELECT id, state, binding, grant_id, identity, server, tool, definition, digest, policy, policy_version, "
    "policy_sha256, rule, decision, grant_label, owner, client, category, pointer, note, groups, asked, created_us, "
    "lifetime_us, until_us, repeats, warned, decided_us, decided_by, reason, closed_us FROM approvals ";

ApprovalRow read_row(const Statement& from) {
  ApprovalRow row;
  row.id = from.text(0);
  row.state = parse_approval_state(from.text(1)).value_or(ApprovalState::cancelled);
  row.binding = digest_at(from, 2);
  row.grant = from.text(3);
  row.identity = from.text(4);
  row.server = from.text(5);
  row.tool = from.text(6);
  row.definition = digest_at(from, 7);
  row.digest = from.text(8);
  row.policy = from.text(9);
  row.policy_version = from.number(10);
  row.policy_sha256 = from.text(11);
  row.rule = from.text(12);
  row.decision = from.text(13);
  row.grant_label = from.text(14);
  row.owner = from.text(15);
  row.client = from.text(16);
  row.category = from.text(17);
  row.pointer = from.text(18);
  row.note = from.text(19);
  row.groups = from.text(20);
  row.asked = from.number(21);
  row.created_us = from.number(22);
  row.lifetime_us = from.number(23);
  row.until_us = from.number(24);
  row.repeats = from.number(25) != 0;
  row.warned = from.number(26) != 0;
  row.decided_us = from.optional_number(27);
  row.decided_by = from.text(28);
  row.reason = from.text(29);
  row.closed_us = from.optional_number(30);
  return row;
}

ApprovalVote read_vote(const Statement& from) {
  return {from.text(0), from.text(1), from.text(2), from.text(3), from.optional_number(4), from.text(5), from.number(6)};
}

ApprovalUse read_use(const Statement& from) {
  return {from.text(0),   from.text(1),   from.number(2), from.text(3),
          from.text(4),   from.number(5), from.number(6), from.number(7) != 0};
}

constexpr std::string_view kUseColumns =
    "SELECT decision, request, at_us, boot, writer, epoch, seq, settled FROM approval_uses ";

/// The first row of a query, if it has one.
template <typename Read>
auto maybe_row(Statement& statement, Read&& read) -> Result<std::optional<decltype(read(statement))>> {
  const auto row = statement.step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::nullopt;
  return read(statement);
}

template <typename... Values>
Result<Statement> bound(Database& database, std::string_view sql, const Values&... values) {
  auto statement = database.prepare(sql);
  if (statement) (statement->bind(values), ...);
  return statement;
}

template <typename... Values>
Status run(Database& database, std::string_view sql, const Values&... values) {
  auto statement = bound(database, sql, values...);
  return statement ? statement->run() : std::unexpected(statement.error());
}

template <typename... Values>
Result<std::vector<ApprovalRow>> rows(Database& database, std::string_view where, const Values&... values) {
  auto query = bound(database, std::string(kColumns) + std::string(where), values...);
  if (!query) return std::unexpected(query.error());
  return all_rows(*query, read_row);
}

template <typename... Values>
Result<std::int64_t> number(Database& database, std::string_view sql, const Values&... values) {
  auto query = bound(database, sql, values...);
  if (!query) return std::unexpected(query.error());
  return one_row(*query, [](const Statement& row) { return row.number(0); }, "a count has no row");
}

}  // namespace

std::string_view to_string(ApprovalState state) {
  return kStates[static_cast<std::size_t>(state)];
}

std::optional<ApprovalState> parse_approval_state(std::string_view name) {
  for (std::size_t i = 0; i < kStates.size(); ++i) {
    if (kStates[i] == name) return static_cast<ApprovalState>(i);
  }
  return std::nullopt;
}

Status Approvals::add(const ApprovalRow& row, std::string_view sealed_arguments) {
  auto insert = bound(database_,
                      "INSERT INTO approvals VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                      "?, ?, ?, ?, ?, ?, ?, ?, ?)",
                      row.id, to_string(row.state), std::span<const std::uint8_t>(row.binding), row.grant,
                      row.identity, row.server, row.tool, std::span<const std::uint8_t>(row.definition), row.digest,
                      row.policy, row.policy_version, row.policy_sha256, row.rule, row.decision, row.grant_label,
                      row.owner, row.client, row.category, row.pointer, row.note, row.groups, row.asked,
                      row.created_us, row.lifetime_us, row.until_us, std::int64_t{row.repeats},
                      std::int64_t{row.warned}, row.decided_us, row.decided_by, row.reason, row.closed_us);
  if (!insert) return std::unexpected(insert.error());
  if (Status done = insert->run(); !done) return done;
  return run(database_, "INSERT INTO approval_arguments VALUES (?, ?)", row.id, sealed_arguments);
}

Status Approvals::save(const ApprovalRow& row) {
  return run(database_,
             "UPDATE approvals SET state = ?, until_us = ?, repeats = ?, warned = ?, decided_us = ?, decided_by = ?, "
             "reason = ?, closed_us = ? WHERE id = ?",
             to_string(row.state), row.until_us, std::int64_t{row.repeats}, std::int64_t{row.warned}, row.decided_us,
             row.decided_by, row.reason, row.closed_us, row.id);
}

Status Approvals::count(std::string_view id, std::int64_t more) {
  return run(database_, "UPDATE approvals SET asked = asked + ? WHERE id = ?", more, id);
}

Result<std::optional<ApprovalRow>> Approvals::find(std::string_view id) {
  auto query = bound(database_, std::string(kColumns) + "WHERE id = ?", id);
  if (!query) return std::unexpected(query.error());
  return maybe_row(*query, read_row);
}

Result<std::vector<ApprovalRow>> Approvals::find_prefix(std::string_view prefix) {
  // No id holds a byte beyond `z`.
  return rows(database_, "WHERE id >= ? AND id < ? LIMIT 2", prefix, std::string(prefix) + '{');
}

Result<std::vector<ApprovalRow>> Approvals::open_of(const Digest& binding) {
  return rows(database_, "WHERE binding = ? AND closed_us IS NULL ORDER BY created_us, id",
              std::span<const std::uint8_t>(binding));
}

Result<std::vector<ApprovalRow>> Approvals::open() {
  return rows(database_, "WHERE closed_us IS NULL ORDER BY created_us, id");
}

Result<std::vector<ApprovalRow>> Approvals::due(std::int64_t now_us) {
  return rows(database_,
              "WHERE closed_us IS NULL AND (until_us <= ?1 OR (state = 'pending' AND warned = 0 AND "
              "until_us - lifetime_us / 4 <= ?1)) ORDER BY until_us",
              now_us);
}

Result<std::optional<std::int64_t>> Approvals::next_due() {
  auto query = bound(database_,
                     "SELECT min(CASE WHEN state = 'pending' AND warned = 0 THEN until_us - lifetime_us / 4 ELSE "
                     "until_us END) FROM approvals WHERE closed_us IS NULL");
  if (!query) return std::unexpected(query.error());
  return one_row(*query, [](const Statement& row) { return row.optional_number(0); }, "a minimum has no row");
}

Result<std::vector<ApprovalRow>> Approvals::list(const ApprovalFilter& filter) {
  return rows(database_,
              "WHERE (?1 = 0 OR closed_us IS NULL) AND (?5 = '' OR state = ?5) AND (?2 = '' OR grant_id = ?2 OR grant_label = ?2) AND (?3 = '' OR "
              "(created_us, id) < (SELECT created_us, id FROM approvals WHERE id = ?3)) "
              "ORDER BY created_us DESC, id DESC LIMIT ?4",
              std::int64_t{filter.open_only && !filter.state}, filter.grant, filter.before,
              static_cast<std::int64_t>(filter.limit), filter.state ? to_string(*filter.state) : std::string_view());
}

Result<std::int64_t> Approvals::pending() {
  return number(database_, "SELECT count(*) FROM approvals WHERE state = 'pending'");
}

Result<std::int64_t> Approvals::pending_of(std::string_view grant) {
  return number(database_,
                "SELECT count(*) FROM approvals WHERE grant_id = ? AND closed_us IS NULL AND state = 'pending'", grant);
}

Result<std::int64_t> Approvals::latest_us() {
  return number(database_,
                "SELECT max(ifnull((SELECT max(created_us) FROM approvals), 0), "
                "ifnull((SELECT max(max(ifnull(decided_us, 0), ifnull(closed_us, 0))) FROM approvals), 0), "
                "ifnull((SELECT max(at_us) FROM approval_uses), 0))");
}

Result<std::optional<std::string>> Approvals::arguments(std::string_view id) {
  auto query = bound(database_, "SELECT sealed FROM approval_arguments WHERE request = ?", id);
  if (!query) return std::unexpected(query.error());
  return maybe_row(*query, [](const Statement& row) { return row.text(0); });
}

Status Approvals::remove_arguments(std::int64_t closed_before_us) {
  return run(database_,
             "DELETE FROM approval_arguments WHERE request IN (SELECT id FROM approvals WHERE closed_us < ?)",
             closed_before_us);
}

Status Approvals::add_vote(const ApprovalVote& vote) {
  return run(database_, "INSERT INTO approval_votes VALUES (?, ?, ?, ?, ?, ?, ?)", vote.request, vote.actor,
             vote.groups, vote.also, vote.for_s, vote.shown, vote.at_us);
}

Result<std::vector<ApprovalVote>> Approvals::votes(std::string_view request) {
  auto query = bound(database_,
                     "SELECT request, actor, groups, also, for_s, shown, at_us FROM approval_votes WHERE request = ? "
                     "ORDER BY at_us, actor",
                     request);
  if (!query) return std::unexpected(query.error());
  return all_rows(*query, read_vote);
}

Status Approvals::add_use(const ApprovalUse& use) {
  return run(database_, "INSERT INTO approval_uses VALUES (?, ?, ?, ?, ?, ?, ?, ?)", use.decision, use.request,
             use.at_us, use.boot, use.writer, use.epoch, use.seq, std::int64_t{use.settled});
}

Result<std::optional<ApprovalUse>> Approvals::use(std::string_view decision) {
  auto query = bound(database_, std::string(kUseColumns) + "WHERE decision = ?", decision);
  if (!query) return std::unexpected(query.error());
  return maybe_row(*query, read_use);
}

Result<std::vector<ApprovalUse>> Approvals::uses(std::string_view request) {
  auto query = bound(database_, std::string(kUseColumns) + "WHERE request = ? ORDER BY at_us, decision", request);
  if (!query) return std::unexpected(query.error());
  return all_rows(*query, read_use);
}

Result<std::vector<ApprovalUse>> Approvals::uses_in_doubt() {
  auto query = bound(database_, std::string(kUseColumns) + "WHERE settled = 0 ORDER BY at_us");
  if (!query) return std::unexpected(query.error());
  return all_rows(*query, read_use);
}

Status Approvals::remove_use(std::string_view decision) {
  return run(database_, "DELETE FROM approval_uses WHERE decision = ?", decision);
}

Status Approvals::settle_uses(std::int64_t before_us) {
  return run(database_, "UPDATE approval_uses SET settled = 1 WHERE settled = 0 AND at_us < ?", before_us);
}

}  // namespace doorward::store
