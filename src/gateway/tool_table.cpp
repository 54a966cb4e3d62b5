#include "gateway/tool_table.h"

#include <algorithm>
#include <utility>

#include "mcp/tool_definition.h"
#include "mcp/tool_name.h"
#include "risk/classification.h"

namespace doorward::gateway {
namespace {

constexpr std::size_t kLongestName = 1024;
/// Definitions that one report carries; of further ones it carries the digest alone.
constexpr std::size_t kMostNewsBytes = 64u << 20;

/// Names that no setting can admit are not even remembered.
bool is_thinkable(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName &&
         std::ranges::none_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

std::expected<mcp::ParamMirror, std::string> examine_tool(const upstream::ServerSettings& settings,
                                                          std::string_view name, json::Value tool) {
  const std::vector<std::string>& admitted = settings.protocol.admit_names;
  if (!mcp::is_tool_name(name) && std::ranges::find(admitted, name) == admitted.end()) {
    return std::unexpected("its name is outside the grammar of tool names");
  }
  if (auto flaw = mcp::flaw_of_definition(tool)) return std::unexpected(std::move(*flaw));
  return mcp::ParamMirror::compile(tool.find("inputSchema"));
}

ToolTable::ToolTable(const ServerEntry& server) : server_(&server), pins_(server.pins) {
  classify_actions();
}

Category ToolTable::category_of_name(std::string_view name) const {
  return risk::classify({.server = server_->settings->name, .name = name}).category;
}

void ToolTable::classify_actions() {
  actions_.clear();
  for (const upstream::ActionSetting& setting : server_->settings->actions) {
    for (const std::string& action : setting.actions) {
      const auto held = pins_->category(action);
      actions_.emplace(action, held ? *held : category_of_name(action));
    }
  }
}

/// What is in force of a reviewed tool stays; a definition that nobody has reviewed goes by what it says.
Category ToolTable::category_in_force(std::string_view name, const KnownTool& tool) const {
  const Pin* pin = pins_->find(name);
  if (pin == nullptr || pin->reviewed != tool.digest) return tool.classified;
  return pins_->category(name).value_or(tool.classified);
}

void ToolTable::begin() {
  coming_.clear();
}

void ToolTable::take(json::Value list_result) {
  examine(list_result, coming_);
}

void ToolTable::finish() {
  tools_ = std::exchange(coming_, {});
  known_ = true;
  // A server that lists nothing yet has shown nothing that could count as reviewed.
  whole_ = whole_ || !tools_.empty();
  note_absences();
  ++generation_;
  indexes_.clear();
}

void ToolTable::glance(json::Value list_result) {
  examine(list_result, tools_);
  ++generation_;
  indexes_.clear();
}

void ToolTable::examine(json::Value list_result, Map<KnownTool>& into) {
  mcp::for_each_tool(list_result, [&](const mcp::ListedTool& listed) {
    if (!is_thinkable(listed.name)) return;
    // Within one list the first tool of a name counts.
    if (&into == &coming_ && coming_.contains(listed.name)) return;
    if (into.size() >= mcp::kMostTools && !into.contains(listed.name)) return;
    KnownTool tool;
    tool.classified = risk::classify(risk::facts_of(server_->settings->name, listed.tool)).category;
    if (auto mirror = examine_tool(*server_->settings, listed.name, listed.tool)) {
      tool.mirror = std::move(*mirror);
    } else {
      tool.withheld = std::move(mirror.error());
    }
    definition_.clear();
    mcp::append_definition(listed.tool, canonical_, definition_);
    tool.digest = sha256(definition_);
    tool.standing = stand(listed.name, tool.digest);
    tool.category = category_in_force(listed.name, tool);
    note(listed.name, tool.digest);
    into.insert_or_assign(std::string(listed.name), std::move(tool));
  });
}

Standing ToolTable::stand(std::string_view name, const Digest& digest) {
  const auto same = [&](const Digest& pinned) { return pinned == digest ? Standing::reviewed : Standing::changed; };
  const PinSet& pins = *pins_;
  if (const Pin* pin = pins.find(name)) return pin->reviewed ? same(*pin->reviewed) : Standing::unreviewed;
  if (const auto found = adopted_.find(name); found != adopted_.end()) return same(found->second);
  const bool first_list = !pins.known && !whole_;
  if (!first_list && !server_->settings->protocol.include_new) return Standing::unreviewed;
  adopted_.emplace(name, digest);
  return Standing::reviewed;
}

void ToolTable::note(std::string_view name, const Digest& digest) {
  const Pin* pin = pins_->find(name);
  if (pin != nullptr && pin->seen == digest && !reported_.contains(name)) return;
  const auto [told, fresh] = reported_.try_emplace(std::string(name), digest);
  if (!fresh && std::exchange(told->second, digest) == digest) return;
  Sighting news{std::string(name), digest, {}};
  if (definition_.size() <= mcp::kLargestDefinition && news_bytes_ + definition_.size() <= kMostNewsBytes) {
    news_bytes_ += definition_.size();
    news.definition = definition_;
  }
  news_.push_back(std::move(news));
}

void ToolTable::note_absences() {
  gone_.clear();
  back_.clear();
  // Where each grant has an account, a list tells what one of them may see.
  const bool differs = server_->settings->is_http() && server_->settings->http().oauth &&
                       server_->settings->http().oauth->per_grant;
  if (differs || tools_.size() >= mcp::kMostTools) return;
  for (const auto& [name, pin] : pins_->tools) {
    if (pin.gone != tools_.contains(name)) continue;
    (pin.gone ? back_ : gone_).push_back(name);
  }
}

std::optional<ToolReport> ToolTable::report() {
  if (wants_whole_list()) return std::nullopt;
  ToolReport report{server_->settings->name, !pins_->known, {}};
  news_bytes_ = 0;
  news_.swap(report.tools);
  gone_.swap(report.gone);
  back_.swap(report.back);
  if (report.empty()) return std::nullopt;
  return report;
}

const KnownTool* ToolTable::find(std::string_view name) const {
  const auto found = tools_.find(name);
  return found == tools_.end() || !found->second.withheld.empty() ? nullptr : &found->second;
}

bool ToolTable::offered(std::string_view name) const {
  const auto found = tools_.find(name);
  return found != tools_.end() && found->second.offered();
}

Category ToolTable::category(std::string_view name) const {
  if (const KnownTool* tool = find(name)) return tool->category;
  const auto action = actions_.find(name);
  return action == actions_.end() ? category_of_name(name) : action->second;
}

bool ToolTable::set_server(const ServerEntry& server) {
  server_ = &server;
  indexes_.clear();
  ++generation_;
  const std::shared_ptr<const PinSet> before = std::exchange(pins_, server.pins);
  classify_actions();
  if (before == pins_) return false;
  bool outdated = false;
  reported_.clear();
  const bool keep = !pins_->known || server.settings->protocol.include_new;
  std::erase_if(adopted_, [&](const auto& each) { return !keep || pins_->find(each.first) != nullptr; });
  for (auto& [name, tool] : tools_) {
    const Pin* pin = pins_->find(name);
    const Pin* old = before->find(name);
    // Another worker's list may be newer than this one's.
    const bool news = pin != nullptr && (old == nullptr || old->seen != pin->seen);
    if (news && pin->seen != tool.digest) {
      outdated = true;
      tool.digest = pin->seen;
    }
    tool.standing = stand(name, tool.digest);
    tool.category = category_in_force(name, tool);
  }
  return outdated;
}

const policy::ToolIndex& ToolTable::index(const std::shared_ptr<const policy::Policy>& policy) {
  for (const auto& [of, index] : indexes_) {
    if (of == policy) return *index;
  }
  std::vector<policy::ToolIndex::Tool> tools;
  for (const auto& [name, tool] : tools_) {
    tools.push_back({name, tool.category});
    for (const std::string& action : server_->actions.actions_of(name))
      tools.push_back({action, category(action)});
  }
  indexes_.emplace_back(policy, std::make_unique<policy::ToolIndex>(policy, tools));
  return *indexes_.back().second;
}

}  // namespace doorward::gateway
