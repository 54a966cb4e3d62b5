#include "policy/explain.h"

#include <algorithm>
#include <utility>

#include "json/canonical.h"
#include "json/reader.h"
#include "policy/describe.h"
#include "policy/program.h"

namespace doorward::policy {
namespace {

constexpr std::string_view kOk = "ok";
constexpr std::string_view kDecided = "decided";
constexpr std::string_view kSkipped = "not evaluated";

std::string_view word(Truth truth) {
  switch (truth) {
    case Truth::no:
      return "false";
    case Truth::yes:
      return "true";
    default:
      return "error";
  }
}

std::string_view list_of(Place place) {
  switch (place) {
    case Place::deny_if:
      return "deny_if";
    case Place::require:
      return "require";
    default:
      return "approve_if";
  }
}

class Explainer {
 public:
  Explainer(const Policy& policy, const Call& call, const Decision& decision)
      : policy_(policy), program_(policy.program()), call_(call), decision_(decision) {}

  Explanation run() {
    out_.decision = decision_.verdict;
    out_.enforced = policy_.mode() == Mode::enforce;
    out_.code = decision_.code;
    out_.server = std::string(call_.server);
    out_.tool = std::string(call_.tool);
    out_.policy_name = std::string(policy_.name());
    out_.policy_version = policy_.version();
    out_.policy_sha256 = std::string(policy_.sha256());
    out_.rule = decision_.rule->rule;
    out_.pointer = decision_.rule->pointer;
    out_.note = decision_.rule->note;
    out_.line = line_of(*decision_.rule);
    located_ = locate_rule(program_, *decision_.rule);
    gather_evidence();
    trace();
    summarise();
    remedy();
    return std::move(out_);
  }

 private:
  std::size_t line_of(const Rule& rule) const {
    return rule.pointer.empty() ? 0 : json::position_of(policy_.text(), rule.begin).line;
  }
  std::string spelled(json::Value value) const {
    return std::string(
        policy_.text().substr(value.begin_offset(), value.end_offset() - value.begin_offset()));
  }

  void gather_evidence() {
    if (located_.entry == nullptr) return;
    for (const Condition& condition : located_.entry->conditions) {
      const Witness met = witness(condition, call_, policy_.time_zone(), located_.place);
      out_.evidence.push_back({condition.path->text, std::string(to_string(condition.op)),
                               spelled(condition.value), met.actual, std::string(word(met.truth))});
    }
  }

  void add(std::string step, std::string_view result, const Rule* rule = nullptr) {
    out_.trace.push_back({std::move(step), std::string(result),
                          rule != nullptr ? rule->pointer : std::string(),
                          rule != nullptr ? line_of(*rule) : 0});
  }

  void trace() {
    add("policy " + std::string(policy_.name()) + " v" + std::to_string(policy_.version()) + " (sha256 " +
            std::string(policy_.sha256().substr(0, 12)) + ")",
        kOk);
    if (decision_.verdict == Verdict::hide) {
      const bool hidden = decision_.code == Code::tool_hidden;
      add(hidden ? "hidden by the policy" : "the server has no such tool", kDecided, decision_.rule);
      add("rules, limits, approval", kSkipped);
      return;
    }
    add("known, not hidden, listed", kOk);
    if (decision_.code == Code::default_deny) {
      add("named by no rule; default deny", kDecided, decision_.rule);
      add("rules, limits, approval", kSkipped);
      return;
    }
    std::vector<const Block*> blocks = applicable();
    for (const Block* block : blocks) {
      if (deny_steps(*block)) {
        add("limits, approval", kSkipped);
        return;
      }
    }
    if (decision_.verdict == Verdict::approve) {
      add("approval by a person", kDecided, decision_.rule);
      add("limits", kSkipped);
      return;
    }
    for (const Block* block : blocks) {
      for (std::uint32_t index : block->limits) {
        const Limit& limit = program_.limits[index];
        const bool decided = decision_.limit == &limit;
        add(block->title + " limit " + limit.counter + ", at most " + limit.max_text + " a " +
                limit.window_text,
            decided ? kDecided : kOk, limit.without_room);
        if (decided) return;
      }
    }
    if (out_.trace.size() == 2) add("no rule applies; default allow", kOk, program_.default_rule);
  }

  std::vector<const Block*> applicable() const {
    if (call_.kind == Kind::tool) {
      ToolIndex::Plan plan;
      make_plan(program_, call_.tool, call_.category, plan);
      return plan.blocks;
    }
    const Section* section = (call_.kind == Kind::resource ? program_.resources : program_.prompts).get();
    if (section == nullptr) return {};
    return {&section->block};
  }

  /// The steps of one block up to the one that decided; true where it stands here.
  bool deny_steps(const Block& block) {
    if (block.action == Action::deny) {
      add(block.title + " action deny", kDecided, block.action_rule);
      return true;
    }
    if (block.action == Action::allow) add(block.title + " action allow", kOk, block.action_rule);
    for (const auto& [entries, place] :
         {std::pair(&block.deny_if, Place::deny_if), std::pair(&block.require, Place::require),
          std::pair(&block.approve_if, Place::approve_if)}) {
      for (std::size_t i = 0; i < entries->size(); ++i) {
        const bool here = located_.entry == &(*entries)[i];
        const bool decided = here && decision_.verdict == Verdict::deny;
        add(entry_text(block, (*entries)[i], place, i), decided ? kDecided : kOk, (*entries)[i].rule);
        if (decided) return true;
      }
    }
    return false;
  }

  std::string entry_text(const Block& block, const Entry& entry, Place place, std::size_t index) const {
    std::string text = block.title + " " + std::string(list_of(place)) + "[" + std::to_string(index) + "]";
    for (std::size_t i = 0; i < entry.conditions.size(); ++i) {
      const Condition& condition = entry.conditions[i];
      const Witness met = witness(condition, call_, policy_.time_zone(), place);
      text += (i == 0 ? " " : " and ") + plain(condition.path->text) + " " +
              std::string(to_string(condition.op)) + " " + plain(spelled(condition.value), 60) + " (actual " +
              met.actual + ": " + std::string(word(met.truth)) + ")";
    }
    return entry.conditions.empty() ? text + " always" : text;
  }

  void summarise() {
    const std::string tool = plain(call_.tool);
    switch (decision_.code) {
      case Code::none:
        out_.summary = tool + " is allowed.";
        return;
      case Code::tool_hidden:
        out_.summary = tool + " is hidden and answers like an unknown tool.";
        return;
      case Code::unknown_tool:
        out_.summary = tool + " is not a tool of this server.";
        return;
      case Code::default_deny:
        out_.summary = "Nothing in the policy permits " + tool + ", and its default is deny.";
        return;
      case Code::approval_pending:
        out_.summary = tool + " needs a person's approval.";
        return;
      case Code::rate_limited:
      case Code::budget_exceeded:
        out_.summary = "The limit " + plain(decision_.limit->counter) + " of " +
                       plain(decision_.limit->max_text) + " in " + span_text(*decision_.limit) +
                       " has no room.";
        return;
      default:
        break;
    }
    if (decision_.limit != nullptr) {
      out_.summary = plain(decision_.limit->amount_path) + " is no amount that a limit can add.";
    } else if (located_.condition == nullptr) {
      out_.summary = "The policy denies every call of " + tool + ".";
    } else {
      const Condition& condition = *located_.condition;
      const Witness met = witness(condition, call_, policy_.time_zone(), located_.place);
      out_.summary = plain(condition.path->text) + " is " + met.actual + "; ";
      out_.summary += located_.type_error
                          ? "the operator " + std::string(to_string(condition.op)) + " cannot judge it."
                          : "it " + demand_text(condition, located_.place != Place::require) + ".";
    }
  }

  void remedy() {
    if (decision_.verdict == Verdict::allow) return;
    out_.remedy.retry = std::string(retry_of(decision_.code));
    out_.remedy.after_s = decision_.retry_after_s;
    if (located_.condition != nullptr && !located_.type_error && decision_.verdict == Verdict::deny) {
      for (const Condition& condition : located_.entry->conditions) {
        out_.remedy.changes.push_back(plain(condition.path->text) + " " +
                                      demand_text(condition, located_.place != Place::require));
      }
    }
    if (decision_.verdict == Verdict::approve) out_.remedy.ask = asked_of(policy_, call_);
  }

  const Policy& policy_;
  const Policy::Program& program_;
  const Call& call_;
  const Decision& decision_;
  Located located_;
  Explanation out_;
};

}  // namespace

Explanation explain(const Policy& policy, const Call& call, const Decision* decision) {
  Scratch scratch;
  const Decision judged = decision != nullptr ? *decision : judge_uncounted(policy, call, scratch);
  Explanation out = Explainer(policy, call, judged).run();
  out.forwarded = judged.verdict == Verdict::allow || !out.enforced;
  out.quota = judged.verdict == Verdict::allow && !scratch.demands().empty() ? "to be reserved" : "none used";
  out.told_agent = told_agent(&policy, call, judged, {});
  return out;
}

}  // namespace doorward::policy
