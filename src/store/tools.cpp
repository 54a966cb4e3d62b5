#include "store/rows.h"
#include "store/store.h"

namespace doorward::store {
namespace {

constexpr std::string_view kFirstList = "first list";

std::optional<Digest> optional_digest_at(const Statement& row, int column) {
  if (row.blob(column).empty()) return std::nullopt;
  return digest_at(row, column);
}

ToolRow read_tool(const Statement& row) {
  return {row.text(0),
          digest_at(row, 1),
          digest_at(row, 2),
          optional_digest_at(row, 3),
          optional_digest_at(row, 4),
          row.text(5),
          row.optional_number(6),
          row.optional_number(7)};
}

ToolDefinition read_definition(const Statement& row) {
  return {digest_at(row, 0), row.text(1), row.number(2), row.number(3)};
}

Result<std::int64_t> count(Statement& statement) {
  return one_row(
      statement, [](const Statement& row) { return row.number(0); }, {});
}

/// What one list leaves in the store, tool by tool.
class Sightings {
 public:
  Sightings(Database& database, std::string_view server, std::int64_t now_us)
      : database_(database), server_(server), now_us_(now_us) {}

  Result<SeenAs> see(const SeenTool& tool, bool first_list, bool room) {
    auto known = database_.prepare("SELECT count(*) FROM tools WHERE server = ? AND name = ?");
    if (!known) return std::unexpected(known.error());
    known->bind(server_).bind(tool.name);
    const auto is_known = count(*known);
    if (!is_known) return std::unexpected(is_known.error());
    if (*is_known == 0) {
      if (!room) return SeenAs::known;
      if (Status added = add(tool, first_list); !added) return std::unexpected(added.error());
      if (auto kept = keep(tool); !kept) return std::unexpected(kept.error());
      return first_list ? SeenAs::first : SeenAs::added;
    }
    auto update = database_.prepare("UPDATE tools SET seen = ?3, gone_us = NULL WHERE server = ?1 AND name = ?2");
    if (!update) return std::unexpected(update.error());
    update->bind(server_).bind(tool.name).bind(std::span(tool.digest));
    if (Status done = update->run(); !done) return std::unexpected(done.error());
    const auto fresh = keep(tool);
    if (!fresh) return std::unexpected(fresh.error());
    if (!*fresh) return SeenAs::known;
    if (Status trimmed = make_room(tool.name); !trimmed) return std::unexpected(trimmed.error());
    return SeenAs::changed;
  }

 private:
  Status add(const SeenTool& tool, bool first_list) {
    auto insert = database_.prepare(
        "INSERT INTO tools (server, name, first, seen, reviewed, reviewer, reviewed_us) "
        "VALUES (?1, ?2, ?3, ?3, iif(?4, ?3, NULL), ?5, iif(?4, ?6, NULL))");
    if (!insert) return std::unexpected(insert.error());
    insert->bind(server_)
        .bind(tool.name)
        .bind(std::span(tool.digest))
        .bind(static_cast<std::int64_t>(first_list))
        .bind(first_list ? kFirstList : std::string_view())
        .bind(now_us_);
    return insert->run();
  }

  /// Whether the definition is new.
  Result<bool> keep(const SeenTool& tool) {
    auto touch = database_.prepare(
        "UPDATE tool_definitions SET last_us = ?4 WHERE server = ?1 AND name = ?2 AND digest = ?3");
    if (!touch) return std::unexpected(touch.error());
    touch->bind(server_).bind(tool.name).bind(std::span(tool.digest)).bind(now_us_);
    if (Status done = touch->run(); !done) return std::unexpected(done.error());
    if (database_.changes() > 0) return false;
    auto insert = database_.prepare("INSERT INTO tool_definitions VALUES (?1, ?2, ?3, ?4, ?5, ?5)");
    if (!insert) return std::unexpected(insert.error());
    insert->bind(server_).bind(tool.name).bind(std::span(tool.digest)).bind(tool.text).bind(now_us_);
    if (Status done = insert->run(); !done) return std::unexpected(done.error());
    return true;
  }

  Status make_room(std::string_view name) {
    auto trim = database_.prepare(
        "DELETE FROM tool_definitions WHERE rowid IN ("
        "SELECT d.rowid FROM tool_definitions d JOIN tools t USING (server, name) "
        "WHERE server = ?1 AND name = ?2 AND digest NOT IN (t.first, t.seen, ifnull(t.reviewed, x'')) "
        "ORDER BY d.last_us DESC LIMIT -1 OFFSET ?3)");
    if (!trim) return std::unexpected(trim.error());
    trim->bind(server_).bind(name).bind(static_cast<std::int64_t>(Store::kMostDefinitions - 3));
    return trim->run();
  }

  Database& database_;
  std::string_view server_;
  std::int64_t now_us_;
};

}  // namespace

Result<bool> Store::knows_tools(std::string_view server) {
  auto query = database_->prepare("SELECT count(*) FROM tool_lists WHERE server = ?");
  if (!query) return std::unexpected(query.error());
  query->bind(server);
  const auto rows = count(*query);
  if (!rows) return std::unexpected(rows.error());
  return *rows > 0;
}

Result<std::vector<ToolRow>> Store::tools(std::string_view server) {
  auto query = database_->prepare(
      "SELECT name, first, seen, reviewed, rejected, reviewer, reviewed_us, gone_us FROM tools WHERE server = ? ORDER BY name");
  if (!query) return std::unexpected(query.error());
  query->bind(server);
  return all_rows(*query, read_tool);
}

Result<std::vector<MetTool>> Store::met_tools(std::string_view server) {
  auto query = database_->prepare(
      "SELECT t.name, t.first, t.seen, t.reviewed, t.rejected, t.reviewer, t.reviewed_us, t.gone_us, ifnull(d.text, '') FROM tools t "
      "LEFT JOIN tool_definitions d ON d.server = t.server AND d.name = t.name AND d.digest = t.seen "
      "WHERE t.server = ? ORDER BY t.name");
  if (!query) return std::unexpected(query.error());
  query->bind(server);
  return all_rows(*query, [](const Statement& row) { return MetTool{read_tool(row), row.text(8)}; });
}

Result<std::vector<ToolDefinition>> Store::tool_definitions(std::string_view server, std::string_view name) {
  auto query = database_->prepare(
      "SELECT digest, text, first_us, last_us FROM tool_definitions WHERE server = ? AND name = ? "
      "ORDER BY last_us DESC, rowid DESC");
  if (!query) return std::unexpected(query.error());
  query->bind(server).bind(name);
  return all_rows(*query, read_definition);
}

Result<std::vector<SeenAs>> Store::see_tools(std::string_view server, std::span<const SeenTool> seen,
                                             bool first_list, std::int64_t now_us) {
  auto transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  const auto known = knows_tools(server);
  if (!known) return std::unexpected(known.error());
  const bool first = first_list && !*known;
  if (first) {
    auto insert = database_->prepare("INSERT INTO tool_lists VALUES (?, ?)");
    if (!insert) return std::unexpected(insert.error());
    insert->bind(server).bind(now_us);
    if (Status done = insert->run(); !done) return std::unexpected(done.error());
  }
  auto counting = database_->prepare("SELECT count(*) FROM tools WHERE server = ?");
  if (!counting) return std::unexpected(counting.error());
  counting->bind(server);
  const auto stored = count(*counting);
  if (!stored) return std::unexpected(stored.error());
  std::size_t rows = static_cast<std::size_t>(*stored);
  Sightings sightings(*database_, server, now_us);
  std::vector<SeenAs> made;
  for (const SeenTool& tool : seen) {
    const auto as = sightings.see(tool, first, rows < kMostTools);
    if (!as) return std::unexpected(as.error());
    if (*as == SeenAs::first || *as == SeenAs::added) ++rows;
    made.push_back(*as);
  }
  if (Status done = transaction->commit(); !done) return std::unexpected(done.error());
  return made;
}

Result<std::size_t> Store::mark_gone(std::string_view server, std::span<const std::string> gone,
                                     std::span<const std::string> back, std::int64_t now_us) {
  auto transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  std::size_t changed = 0;
  const auto mark = [&](std::span<const std::string> names, const char* sql) -> Status {
    auto update = database_->prepare(sql);
    if (!update) return std::unexpected(update.error());
    for (const std::string& name : names) {
      update->reset();
      update->bind(server).bind(name).bind(now_us);
      if (Status done = update->run(); !done) return done;
      changed += static_cast<std::size_t>(database_->changes());
    }
    return {};
  };
  Status done = mark(gone, "UPDATE tools SET gone_us = ?3 WHERE server = ?1 AND name = ?2 AND gone_us IS NULL");
  if (done) {
    done = mark(back, "UPDATE tools SET gone_us = NULL WHERE server = ?1 AND name = ?2 AND gone_us <= ?3");
  }
  if (!done) return std::unexpected(done.error());
  if (Status kept = transaction->commit(); !kept) return std::unexpected(kept.error());
  return changed;
}

Status Store::review_tool(std::string_view server, std::string_view name, const Digest& digest, bool accept,
                          std::string_view reviewer, std::int64_t now_us) {
  auto update = database_->prepare(
      accept ? "UPDATE tools SET reviewed = ?3, rejected = NULL, reviewer = ?4, reviewed_us = ?5 "
               "WHERE server = ?1 AND name = ?2 AND EXISTS (SELECT 1 FROM tool_definitions "
               "WHERE server = ?1 AND name = ?2 AND digest = ?3)"
             : "UPDATE tools SET rejected = ?3, reviewed = nullif(reviewed, ?3), reviewer = ?4, reviewed_us = ?5 "
               "WHERE server = ?1 AND name = ?2 AND EXISTS (SELECT 1 FROM tool_definitions "
               "WHERE server = ?1 AND name = ?2 AND digest = ?3)");
  if (!update) return std::unexpected(update.error());
  update->bind(server).bind(name).bind(std::span(digest)).bind(reviewer).bind(now_us);
  if (Status done = update->run(); !done) return done;
  if (database_->changes() > 0) return {};
  return fail(ErrorKind::not_found,
              "server " + std::string(server) + " has no such definition of the tool " + std::string(name));
}

Status Store::forget_tools(std::string_view server) {
  auto transaction = Transaction::begin(*database_);
  if (!transaction) return std::unexpected(transaction.error());
  for (const char* sql : {"DELETE FROM tools WHERE server = ?", "DELETE FROM tool_lists WHERE server = ?",
                          "DELETE FROM tool_categories WHERE server = ?"}) {
    auto statement = database_->prepare(sql);
    if (!statement) return std::unexpected(statement.error());
    statement->bind(server);
    if (Status done = statement->run(); !done) return done;
  }
  return transaction->commit();
}

}  // namespace doorward::store
