#include "policy/applied.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "json/canonical.h"
#include "policy/program.h"

namespace doorward::policy {
namespace {

/// Whether a condition looks at what is not settled.
using IsOpen = std::function<bool(const Path& path)>;

class Survey {
 public:
  Survey(const Policy::Program& program, const Call& call, IsOpen is_open)
      : program_(program), inputs_(call, *program.zone), is_open_(std::move(is_open)) {}

  void look(const Block& block) {
    if (block.action == Action::deny || block.action == Action::hide) refuse(block.action_rule);
    for (const Entry& entry : block.deny_if) look(entry, Place::deny_if);
    for (const Entry& entry : block.require) look(entry, Place::require);
    if (block.action == Action::approve) ask(block.action_rule);
    for (const Entry& entry : block.approve_if) look(entry, Place::approve_if);
    for (const std::uint32_t index : block.limits) {
      const Limit& limit = program_.limits[index];
      if (limit.has_amount) {
        if (is_open_(program_.amounts[index])) result_.amounts.push_back(&program_.amounts[index]);
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

  void look(const Entry& entry, Place place) {
    bool open = false;
    bool no = false;
    for (const Condition& condition : entry.conditions) {
      if (is_open_(*condition.path)) {
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
        if (!is_open_(*condition.path)) continue;
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
  IsOpen is_open_;
  Applied result_;
};

Applied survey_of(const Policy& policy, const Call& call, IsOpen is_open) {
  const Policy::Program& program = policy.program();
  ToolIndex::Plan plan;
  make_plan(program, call.tool, call.category, plan);
  Survey survey(program, call, std::move(is_open));
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

/// Whether what a path of `args` leads to is known.
bool is_unknown(const Path& path, const Unknown& unknown) {
  if (unknown.all_arguments) return true;
  const Segment& first = path.segments.front();
  return first.kind == Segment::Kind::member && std::ranges::find(unknown.arguments, first.name) != unknown.arguments.end();
}

/// The text of a block without what only its layout is; as it stands where it cannot be read alone.
std::string essence(const Policy& policy, const Block& block) {
  const std::string_view text = policy.text().substr(block.begin, block.end - block.begin);
  json::Reader reader;
  const auto root = reader.read(text);
  std::string out;
  if (root) json::Canonical().append(*root, out);
  return root ? out : std::string(text);
}

bool same_block(const Policy& policy, const Block& block, const Policy& other, const Block& same) {
  return block.title == same.title && essence(policy, block) == essence(other, same);
}

/// The names of the tool and of the one that hides it are hidden by both documents or by neither.
bool hidden_alike(const Policy& policy, const Policy& other, std::string_view tool, std::optional<Category> category) {
  ToolIndex::Plan here;
  ToolIndex::Plan there;
  make_plan(policy.program(), tool, category, here);
  make_plan(other.program(), tool, category, there);
  return (here.hidden == nullptr) == (there.hidden == nullptr);
}

}  // namespace

Applied applied_to(const Policy& policy, const Call& call, bool known_identity) {
  return survey_of(policy, call, [known_identity](const Path& path) {
    switch (path.root) {
      case Root::args:
      case Root::time_hour:
      case Root::time_weekday:
        return true;
      case Root::identity:
        return !known_identity;
      default:
        return false;
    }
  });
}

Applied applied_to(const Policy& policy, const Call& call, const Unknown& unknown) {
  return survey_of(policy, call, [&unknown](const Path& path) {
    switch (path.root) {
      case Root::args:
        return is_unknown(path, unknown);
      case Root::identity:
        return unknown.identity;
      case Root::grant_labels:
        return unknown.labels;
      default:
        return false;
    }
  });
}

bool judged_alike(const Policy& policy, const Policy& other, const Call& call) {
  if (policy.sha256() == other.sha256()) return true;
  const Policy::Program& here = policy.program();
  const Policy::Program& there = other.program();
  ToolIndex::Plan plan;
  ToolIndex::Plan same;
  make_plan(here, call.tool, call.category, plan);
  make_plan(there, call.tool, call.category, same);
  if (!hidden_alike(policy, other, call.tool, call.category)) return false;
  if (!call.outer.empty() && !hidden_alike(policy, other, call.outer, call.outer_category)) return false;
  if (plan.named != same.named || (!plan.named && here.default_verdict != there.default_verdict)) return false;
  return here.zone == there.zone && std::ranges::equal(plan.blocks, same.blocks, [&](const Block* block, const Block* twin) {
           return same_block(policy, *block, other, *twin);
         });
}

bool asks_holder(const Policy& policy) {
  return std::ranges::any_of(policy.program().conditions, [](const Condition& condition) {
    return condition.path->root == Root::grant_label || condition.path->root == Root::grant_labels;
  });
}

}  // namespace doorward::policy
