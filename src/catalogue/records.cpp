#include <algorithm>

#include "base/encoding.h"
#include "catalogue/catalogue_file.h"
#include "catalogue/labels.h"
#include "catalogue/listing_json.h"

namespace doorward::catalogue {
namespace {

/// The enumerator of a stored number; the last one where a later program stored more.
template <typename Enum>
Enum enumerator(std::int64_t number, std::size_t count) {
  return static_cast<Enum>(std::clamp<std::int64_t>(number, 0, static_cast<std::int64_t>(count) - 1));
}

}  // namespace

Digest digest_at(const store::Statement& row, int column) {
  Digest digest{};
  const auto bytes = row.blob(column);
  std::copy_n(bytes.begin(), std::min(bytes.size(), digest.size()), digest.begin());
  return digest;
}

Override override_at(const store::Statement& row, int column) {
  Override said;
  if (const auto category = row.optional_number(column))
    said.category = enumerator<Category>(*category, kCategories.size());
  if (const auto severity = row.optional_number(column + 1)) {
    said.severity = enumerator<Severity>(*severity, kSeverities.size());
  }
  said.reason = row.text(column + 2);
  said.author = row.text(column + 3);
  said.at_us = row.number(column + 4);
  return said;
}

Result<std::optional<ServerRecord>> Records::server(std::int64_t id) {
  auto query = file_.query(
      "SELECT slug, first_seen_us, last_seen_us, tools, of_read, of_write, of_execute, of_destructive, "
      "of_financial, "
      "of_other, of_low, of_medium, of_high, of_critical, listing, changed_us FROM servers JOIN server_texts ON server = "
      "id "
      "WHERE id = ?",
      id);
  if (!query) return std::unexpected(query.error());
  const auto row = (*query)->step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::nullopt;
  ServerRecord record;
  record.slug = (*query)->text(0);
  record.first_seen_us = (*query)->number(1);
  record.last_seen_us = (*query)->number(2);
  record.changed_us = (*query)->number(15);
  record.tool_count = static_cast<std::size_t>((*query)->number(3));
  for (std::size_t i = 0; i < kCategories.size(); ++i) {
    record.by_category[i] = static_cast<std::size_t>((*query)->number(4 + static_cast<int>(i)));
  }
  for (std::size_t i = 0; i < kSeverities.size(); ++i) {
    record.by_severity[i] = static_cast<std::size_t>((*query)->number(10 + static_cast<int>(i)));
  }
  const std::string listing = (*query)->text(14);
  const auto root = reader_.read(listing);
  if (!root)
    return fail(ErrorKind::corrupt, "the catalogue holds a listing that is no JSON: " + root.error().message);
  record.listing = listing_of(*root);

  auto sources = file_.query("SELECT DISTINCT source FROM records WHERE server = ? ORDER BY source", id);
  if (!sources) return std::unexpected(sources.error());
  for (;;) {
    const auto next = (*sources)->step();
    if (!next) return std::unexpected(next.error());
    if (!*next) return record;
    record.sources.push_back((*sources)->text(0));
  }
}

Result<std::optional<ToolRecord>> Records::tool(std::int64_t id) {
  auto query = file_.query(
      "SELECT slug, t.name, outer, d.text, d.key, t.category, t.severity, confidence, t.first_seen_us, "
      "t.last_seen_us, "
      "t.changed_us, t.gone, r.text, o.at_us, o.category, o.severity, o.reason, o.author, o.at_us FROM tools t "
      "JOIN servers s ON s.id = t.server JOIN definitions d ON d.id = t.definition LEFT JOIN reasons r ON "
      "r.tool = t.id "
      "LEFT JOIN overrides o ON o.server = t.server AND o.tool = t.name WHERE t.id = ?",
      id);
  if (!query) return std::unexpected(query.error());
  const auto row = (*query)->step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::nullopt;
  const store::Statement& found = **query;
  ToolRecord record;
  record.server = found.text(0);
  record.name = found.text(1);
  record.outer = found.text(2);
  record.definition = found.text(3);
  record.key = digest_at(found, 4);
  record.classification.category = enumerator<Category>(found.number(5), kCategories.size());
  record.classification.severity = enumerator<Severity>(found.number(6), kSeverities.size());
  record.classification.confidence = static_cast<int>(found.number(7));
  record.first_seen_us = found.number(8);
  record.last_seen_us = found.number(9);
  record.changed_us = found.number(10);
  record.gone = found.number(11) != 0;
  // 1: an older program marked it, which did not keep when.
  if (record.gone) record.gone_us = found.number(11) > 1 ? found.number(11) : record.last_seen_us;
  read_reasons(reader_, found.text(12), record.classification);
  if (found.optional_number(13)) {
    record.override = override_at(found, 14);
    tell(*record.override, record.classification);
  }
  return record;
}

}  // namespace doorward::catalogue
