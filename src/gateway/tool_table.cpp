#include "gateway/tool_table.h"

#include "mcp/tool_list.h"
#include "mcp/tool_name.h"

namespace doorward::gateway {

void ToolTable::begin() {
  coming_.clear();
}

void ToolTable::take(json::Value list_result) {
  mcp::for_each_tool(list_result, [this](const mcp::ListedTool& listed) {
    if (!mcp::is_tool_name(listed.name) || coming_.contains(listed.name)) return;
    KnownTool tool;
    tool.category = classifier_.classify(server_->settings->name, listed.name, listed.annotations);
    if (auto mirror = mcp::ParamMirror::compile(listed.input_schema)) {
      tool.mirror = std::move(*mirror);
    } else {
      tool.withheld = mirror.error();
    }
    coming_.emplace(std::string(listed.name), std::move(tool));
  });
}

void ToolTable::finish() {
  tools_ = std::move(coming_);
  coming_.clear();
  known_ = true;
  indexes_.clear();
}

const KnownTool* ToolTable::find(std::string_view name) const {
  const auto found = tools_.find(name);
  return found == tools_.end() || !found->second.withheld.empty() ? nullptr : &found->second;
}

bool ToolTable::withheld(std::string_view name) const {
  const auto found = tools_.find(name);
  return found != tools_.end() && !found->second.withheld.empty();
}

std::optional<Category> ToolTable::category(std::string_view name) const {
  if (const KnownTool* tool = find(name)) return tool->category;
  return classifier_.classify(server_->settings->name, name, {});
}

void ToolTable::set_server(const ServerEntry& server) {
  server_ = &server;
  indexes_.clear();
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
