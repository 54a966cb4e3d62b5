#include "store/tool_categories.h"

#include "store/rows.h"

namespace doorward::store {

Result<std::vector<ToolCategory>> ToolCategories::of(std::string_view server) {
  auto query = database_.prepare(
      "SELECT tool, category, definition, person, since_us FROM tool_categories WHERE server = ? ORDER BY tool");
  if (!query) return std::unexpected(query.error());
  query->bind(server);
  return all_rows(*query, [](const Statement& row) {
    ToolCategory held{row.text(0), parse_category(row.text(1)).value_or(Category::other), {}, row.text(3), row.number(4)};
    if (!row.blob(2).empty()) held.definition = digest_at(row, 2);
    return held;
  });
}

Status ToolCategories::hold(std::string_view server, const ToolCategory& row) {
  auto insert = database_.prepare("INSERT OR REPLACE INTO tool_categories VALUES (?, ?, ?, nullif(?, x''), ?, ?)");
  if (!insert) return std::unexpected(insert.error());
  insert->bind(server).bind(row.tool).bind(to_string(row.category));
  insert->bind(row.definition ? std::span<const std::uint8_t>(*row.definition) : std::span<const std::uint8_t>());
  return insert->bind(row.person).bind(row.since_us).run();
}

Status ToolCategories::release(std::string_view server, std::string_view tool) {
  auto remove = database_.prepare("DELETE FROM tool_categories WHERE server = ? AND tool = ?");
  if (!remove) return std::unexpected(remove.error());
  return remove->bind(server).bind(tool).run();
}

}  // namespace doorward::store
