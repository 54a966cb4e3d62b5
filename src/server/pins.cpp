#include "server/pins.h"

#include "server/categories.h"
#include "store/tool_categories.h"

namespace doorward::server {

std::optional<Digest> pinned_definition(const store::ToolRow& tool, const upstream::ServerSettings& settings) {
  if (tool.reviewed) return tool.reviewed;
  if (settings.protocol.include_new && !tool.rejected) return tool.first;
  return std::nullopt;
}

Result<std::shared_ptr<const gateway::PinSet>> load_pins(store::Store& store,
                                                         const upstream::ServerSettings& settings) {
  auto pins = std::make_shared<gateway::PinSet>();
  const auto known = store.knows_tools(settings.name);
  if (!known) return std::unexpected(known.error());
  pins->known = *known;
  const auto rows = store.tools(settings.name);
  if (!rows) return std::unexpected(rows.error());
  for (const store::ToolRow& row : *rows) {
    pins->tools.emplace(row.name, gateway::Pin{pinned_definition(row, settings), row.seen, row.gone_us.has_value()});
  }
  const auto categories = store::ToolCategories(store.database()).of(settings.name);
  if (!categories) return std::unexpected(categories.error());
  for (const store::ToolCategory& row : *categories) pins->categories.emplace(row.tool, row.category);
  return pins;
}

Result<std::vector<store::SeenAs>> store_report(store::Store& store, const gateway::ToolReport& report,
                                                std::span<const std::string> gone, std::int64_t now_us) {
  std::vector<store::SeenTool> seen;
  seen.reserve(report.tools.size());
  for (const gateway::Sighting& tool : report.tools) seen.push_back({tool.name, tool.digest, tool.definition});
  auto as = store.see_tools(report.server, seen, report.first, now_us);
  if (!as) return as;
  if (const auto marked = store.mark_gone(report.server, gone, report.back, now_us); !marked)
    return std::unexpected(marked.error());
  return as;
}

}  // namespace doorward::server
