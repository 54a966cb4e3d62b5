#include "server/categories.h"

#include <algorithm>
#include <map>

#include "json/reader.h"
#include "risk/classification.h"
#include "server/pins.h"

namespace doorward::server {
namespace {

using Held = std::map<std::string, store::ToolCategory, std::less<>>;

Result<Held> held_categories(store::Store& store, const std::string& server) {
  auto rows = store::ToolCategories(store.database()).of(server);
  if (!rows) return std::unexpected(rows.error());
  Held held;
  for (store::ToolCategory& row : *rows) held.emplace(row.tool, std::move(row));
  return held;
}

Category category_of(const upstream::ServerSettings& settings, std::string_view name, std::string_view definition) {
  json::Reader reader;
  const auto tool = reader.read(definition);
  return risk::classify(tool ? risk::facts_of(settings.name, *tool)
                             : risk::ToolFacts{.server = settings.name, .name = name})
      .category;
}

/// A definition of a tool that is too large to keep has no text.
Result<std::string> definition_text(store::Store& store, const std::string& server, const std::string& tool,
                                    const Digest& digest) {
  const auto definitions = store.tool_definitions(server, tool);
  if (!definitions) return std::unexpected(definitions.error());
  const auto found = std::ranges::find(*definitions, digest, &store::ToolDefinition::digest);
  return found == definitions->end() ? std::string() : found->text;
}

/// What the rules say now; nothing where the definition was too large to keep.
std::optional<Category> classify_stored(store::Store& store, const upstream::ServerSettings& settings,
                                        const store::ToolCategory& held) {
  if (!held.definition) return category_of(settings, held.tool, {});
  const auto text = definition_text(store, settings.name, held.tool, *held.definition);
  if (!text || text->empty()) return std::nullopt;
  return category_of(settings, held.tool, *text);
}

}  // namespace

Status settle_categories(store::Store& store, const upstream::ServerSettings& settings, std::int64_t now_us) {
  store::ToolCategories categories(store.database());
  auto held = held_categories(store, settings.name);
  if (!held) return std::unexpected(held.error());
  const auto rows = store.tools(settings.name);
  if (!rows) return std::unexpected(rows.error());
  auto transaction = store::Transaction::begin(store.database());
  if (!transaction) return std::unexpected(transaction.error());
  bool changed = false;
  for (const store::ToolRow& row : *rows) {
    const auto pinned = pinned_definition(row, settings);
    if (!pinned) continue;
    const auto found = held->find(row.name);
    if (found != held->end() && (found->second.definition == *pinned || !found->second.person.empty())) continue;
    const auto text = definition_text(store, settings.name, row.name, *pinned);
    if (!text) return std::unexpected(text.error());
    const store::ToolCategory now{row.name, category_of(settings, row.name, *text), *pinned, {}, now_us};
    if (Status done = categories.hold(settings.name, now); !done) return done;
    held->insert_or_assign(row.name, now);
    changed = true;
  }
  for (const upstream::ActionSetting& setting : settings.actions) {
    for (const std::string& action : setting.actions) {
      if (held->contains(action)) continue;
      const store::ToolCategory now{action, category_of(settings, action, {}), std::nullopt, {}, now_us};
      if (Status done = categories.hold(settings.name, now); !done) return done;
      held->emplace(action, now);
      changed = true;
    }
  }
  return changed ? transaction->commit() : Status{};
}

Result<std::vector<Reclassified>> reclassified_tools(store::Store& store, const upstream::ServerSettings& settings) {
  const auto held = store::ToolCategories(store.database()).of(settings.name);
  if (!held) return std::unexpected(held.error());
  std::vector<Reclassified> tools;
  for (const store::ToolCategory& row : *held) {
    if (!row.person.empty()) continue;
    const auto now = classify_stored(store, settings, row);
    if (now && *now != row.category) tools.push_back({row.tool, row.category, *now});
  }
  return tools;
}

Status take_rules_category(store::Store& store, const upstream::ServerSettings& settings, std::string_view tool,
                           std::int64_t now_us) {
  store::ToolCategories categories(store.database());
  if (const Status released = categories.release(settings.name, tool); !released) return released;
  return settle_categories(store, settings, now_us);
}

}  // namespace doorward::server
