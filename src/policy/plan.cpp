#include <algorithm>

#include "policy/glob.h"
#include "policy/program.h"

namespace doorward::policy {

void HideList::add(std::string_view name, const Rule* rule) {
  const auto index = static_cast<std::uint32_t>(items_.size());
  items_.push_back({std::string(name), rule});
  if (is_glob(name)) {
    globs_.push_back(index);
  } else {
    exact_.try_emplace(std::string(name), index);
  }
}

const Rule* HideList::match(std::string_view name) const {
  const auto found = exact_.find(name);
  const std::size_t exact = found == exact_.end() ? items_.size() : found->second;
  for (std::uint32_t index : globs_) {
    if (index > exact) break;
    if (glob_match(items_[index].name, name)) return items_[index].rule;
  }
  return exact == items_.size() ? nullptr : items_[exact].rule;
}

void make_plan(const Policy::Program& program, std::string_view tool, std::optional<Category> category,
               ToolIndex::Plan& plan) {
  plan.hidden = program.hide.match(tool);
  plan.blocks.clear();
  const auto add = [&](const Block& block) {
    plan.blocks.push_back(&block);
    if (block.action == Action::hide && plan.hidden == nullptr) plan.hidden = block.action_rule;
  };
  if (const auto exact = program.exact.find(tool); exact != program.exact.end()) add(exact->second);
  for (const Block& block : program.globs) {
    if (glob_match(block.key, tool)) add(block);
  }
  if (category) {
    if (const auto& block = program.risk[static_cast<std::size_t>(*category)]) add(*block);
  }
  plan.named = !plan.blocks.empty();
  if (program.all_tools) add(*program.all_tools);
}

struct ToolIndex::State {
  struct Planned {
    std::optional<Category> category;
    Plan plan;
  };
  std::shared_ptr<const Policy> policy;
  std::unordered_map<std::string, Planned, NameHash, std::equal_to<>> plans;
};

ToolIndex::ToolIndex(std::shared_ptr<const Policy> policy, std::span<const Tool> tools)
    : state_(std::make_unique<State>()) {
  state_->policy = std::move(policy);
  for (const Tool& tool : tools) {
    State::Planned planned{tool.category, {}};
    make_plan(state_->policy->program(), tool.name, tool.category, planned.plan);
    state_->plans.insert_or_assign(tool.name, std::move(planned));
  }
}

ToolIndex::~ToolIndex() = default;
ToolIndex::ToolIndex(ToolIndex&&) noexcept = default;
ToolIndex& ToolIndex::operator=(ToolIndex&&) noexcept = default;

const Policy* ToolIndex::policy() const {
  return state_->policy.get();
}

const ToolIndex::Plan* ToolIndex::find(std::string_view tool, std::optional<Category> category) const {
  const auto found = state_->plans.find(tool);
  if (found == state_->plans.end() || found->second.category != category) return nullptr;
  return &found->second.plan;
}

}  // namespace doorward::policy
