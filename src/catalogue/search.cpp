#include "catalogue/search.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <vector>

#include "catalogue/terms.h"

namespace doorward::catalogue {
namespace {

constexpr std::size_t kMostRecords = 200;
constexpr std::int64_t kMostCounted = 10'000;
constexpr std::int64_t kBehindAll = std::numeric_limits<std::int64_t>::max();

/// Where a page ends: `stage.place.found`.
struct Cursor {
  std::size_t stage = 0;
  std::int64_t place = -1;
  std::int64_t found = -1;  ///< of the whole search; -1: not counted yet
};

Result<Cursor> read_cursor(std::string_view text) {
  Cursor cursor;
  if (text.empty()) return cursor;
  const auto number = [&](auto& into, char end) {
    const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), into);
    if (error != std::errc() || into < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(at - text.data()));
    if (end == '\0') return text.empty();
    if (!text.starts_with(end)) return false;
    text.remove_prefix(1);
    return true;
  };
  if (number(cursor.stage, '.') && number(cursor.place, '.') && number(cursor.found, '\0')) return cursor;
  return fail(ErrorKind::invalid,
              "this is no place to continue a search at; take the `next` of an earlier page as it is");
}

std::string write(const Cursor& cursor) {
  return std::to_string(cursor.stage) + '.' + std::to_string(cursor.place) + '.' +
         std::to_string(cursor.found);
}

}  // namespace

struct Search::Found {
  std::vector<std::int64_t> ids;
  std::string next;
  std::size_t found = 0;
};

Result<Search::Found> Search::find(const Query& query, bool of_tools) {
  auto cursor = read_cursor(query.after);
  if (!cursor) return std::unexpected(cursor.error());
  std::vector<std::string> facets;
  if (of_tools && !query.server.empty()) {
    const auto server = file_.number("SELECT id FROM servers WHERE slug = ?", query.server);
    if (!server) return std::unexpected(server.error());
    if (!*server) return fail(ErrorKind::not_found, "the catalogue knows no server \"" + query.server + "\"");
    facets.push_back(server_term(**server));
  }
  if (query.category) facets.push_back(category_term(*query.category));
  if (query.signal) facets.push_back(signal_term(*query.signal));
  // Tools lie by severity; a server has tools of many.
  std::int64_t end = kBehindAll;
  if (query.at_least && of_tools) end = end_of(*query.at_least);
  if (query.at_least && !of_tools) facets.push_back(severity_term(*query.at_least));

  Found out;
  const std::size_t limit = std::clamp<std::size_t>(query.limit, 1, kMostRecords);
  const std::vector<std::string> expressions = stages(query.words, facets);
  Cursor last = *cursor;
  bool full = false;
  for (std::size_t stage = cursor->stage; stage < expressions.size() && !full; ++stage) {
    const std::int64_t behind = stage == cursor->stage ? cursor->place : -1;
    // One more than the page has room for tells that another page follows.
    auto rows = file_.query(of_tools ? "SELECT rowid FROM tool_index WHERE tool_index MATCH ? AND rowid > ? "
                                       "AND rowid < ? ORDER BY rowid LIMIT ?"
                                     : "SELECT rowid FROM server_index WHERE server_index MATCH ? AND rowid "
                                       "> ? AND rowid < ? ORDER BY rowid LIMIT ?",
                            expressions[stage], behind, end, limit + 1 - out.ids.size());
    if (!rows) return std::unexpected(rows.error());
    for (;;) {
      const auto row = (*rows)->step();
      if (!row) return std::unexpected(row.error());
      if (!*row) break;
      if (out.ids.size() == limit) {
        full = true;
        break;
      }
      last.stage = stage;
      last.place = (*rows)->number(0);
      out.ids.push_back(id_at(last.place));
    }
  }
  if (last.found < 0 && !full) last.found = static_cast<std::int64_t>(out.ids.size());
  if (last.found < 0) {
    const auto counted = file_.number(
        of_tools
            ? "SELECT count(*) FROM (SELECT 1 FROM tool_index WHERE tool_index MATCH ? AND rowid < ? LIMIT ?)"
            : "SELECT count(*) FROM (SELECT 1 FROM server_index WHERE server_index MATCH ? AND rowid < ? "
              "LIMIT ?)",
        anywhere(query.words, facets), end, kMostCounted);
    if (!counted) return std::unexpected(counted.error());
    last.found = **counted;
  }
  out.found = static_cast<std::size_t>(last.found);
  if (full) out.next = write(last);
  return out;
}

Result<Page<ToolRecord>> Search::tools(const Query& query) {
  const auto found = find(query, true);
  if (!found) return std::unexpected(found.error());
  Page<ToolRecord> page{.records = {}, .next = found->next, .found = found->found};
  for (const std::int64_t id : found->ids) {
    auto record = records_.tool(id);
    if (!record) return std::unexpected(record.error());
    if (*record) page.records.push_back(std::move(**record));
  }
  return page;
}

Result<Page<ServerRecord>> Search::servers(const Query& query) {
  const auto found = find(query, false);
  if (!found) return std::unexpected(found.error());
  Page<ServerRecord> page{.records = {}, .next = found->next, .found = found->found};
  for (const std::int64_t id : found->ids) {
    auto record = records_.server(id);
    if (!record) return std::unexpected(record.error());
    if (*record) page.records.push_back(std::move(**record));
  }
  return page;
}

}  // namespace doorward::catalogue
