#include "policy/applied.h"

#include <algorithm>

#include "policy/program.h"

namespace doorward::policy {
namespace {

class Survey {
 public:
  Survey(const Policy::Program& program, const Call& call, bool known_identity)
      : program_(program), inputs_(call, *program.zone), known_identity_(known_identity) {}

  void look(const Block& block) {
    if (block.action == Action::deny || block.action == Action::hide) refuse(block.action_rule);
    for (const Entry& entry : block.deny_if) look(entry, Place::deny_if);
    for (const Entry& entry : block.require) look(entry, Place::require);
    if (block.action == Action::approve) ask(block.action_rule);
    for (const Entry& entry : block.approve_if) look(entry, Place::approve_if);
    for (const std::uint32_t index : block.limits) {
      const Limit& limit = program_.limits[index];
      if (limit.has_amount) {
        result_.amounts.push_back(&program_.amounts[index]);
      } else if (limit.max_millionths < 1'000'000) {
        refuse(limit.without_room);
      }
    }
  }

  void refuse(const Rule* rule) {
    if (result_.refuses == nullptr) result_.refuses = rule;
  }
  Applied take() { return std::move(result_); }

 private:
  void ask(const Rule* rule) {
    if (result_.asks == nullptr) result_.asks = rule;
  }

  bool is_open(const Condition& condition) const {
    switch (condition.path->root) {
      case Root::args:
      case Root::time_hour:
      case Root::time_weekday:
        return true;
      case Root::identity:
        return !known_identity_;
      default:
        return false;
    }
  }

  void look(const Entry& entry, Place place) {
    bool open = false;
    bool no = false;
    for (const Condition& condition : entry.conditions) {
      if (is_open(condition)) {
        open = true;
        continue;
      }
      const Truth truth = evaluate(condition, inputs_, place);
      // An error denies whatever the other conditions say; a require entry fails by its first false condition.
      if (truth == Truth::error) return refuse(condition.type_rule);
      if (truth == Truth::no && place == Place::require) return refuse(condition.rule);
      no |= truth == Truth::no;
    }
    if (open) {
      // Even where a settled condition is false, an error of an open one denies.
      for (const Condition& condition : entry.conditions) {
        if (!is_open(condition)) continue;
        result_.open.push_back({place, &condition});
        result_.by_identity |= condition.path->root == Root::identity;
        result_.by_time |= condition.path->root == Root::time_hour || condition.path->root == Root::time_weekday;
      }
      return;
    }
    if (no || place == Place::require) return;
    const Rule* rule = entry.conditions.empty() ? entry.rule : entry.conditions.front().rule;
    place == Place::deny_if ? refuse(rule) : ask(rule);
  }

  const Policy::Program& program_;
  Inputs inputs_;
  bool known_identity_;
  Applied result_;
};

}  // namespace

Applied applied_to(const Policy& policy, const Call& call, bool known_identity) {
  const Policy::Program& program = policy.program();
  ToolIndex::Plan plan;
  make_plan(program, call.tool, call.category, plan);
  Survey survey(program, call, known_identity);
  if (!call.outer.empty()) {
    ToolIndex::Plan outer;
    make_plan(program, call.outer, call.outer_category, outer);
    if (outer.hidden != nullptr) survey.refuse(outer.hidden);
  }
  if (plan.hidden != nullptr) survey.refuse(plan.hidden);
  if (!plan.named && program.default_verdict == Default::deny) survey.refuse(program.default_rule);
  for (const Block* block : plan.blocks) survey.look(*block);
  return survey.take();
}

bool asks_holder(const Policy& policy) {
  return std::ranges::any_of(policy.program().conditions, [](const Condition& condition) {
    return condition.path->root == Root::grant_label || condition.path->root == Root::grant_labels;
  });
}

}  // namespace doorward::policy
