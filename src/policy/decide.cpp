#include "policy/decide.h"

#include <algorithm>
#include <array>
#include <exception>

#include "policy/program.h"
#include "policy/uri.h"

namespace doorward::policy {
namespace {

const Rule kAllowed{};
const Rule kNoPolicy{"(no policy)", "", "", 0, 0};
const Rule kUnknownTool{"(unknown tool)", "", "", 0, 0};
const Rule kDefinitionChanged{"(definition changed)", "", "", 0, 0};
const Rule kNotReviewed{"(not reviewed)", "", "", 0, 0};
const Rule kInjected{"(injected argument)", "",
                     "The gateway fills in the credential that this tool takes as an argument; call it without that argument.",
                     0, 0};
const Rule kPolicyError{"(policy error)", "", "", 0, 0};
const Rule kAmbiguousUri{"(ambiguous uri)", "",
                         "The URI can be spelled otherwise: give it in lower case up to the path, without . and .. segments, "
                         "and percent-encoded only where it must be.",
                         0, 0};

Decision answer(Verdict verdict, Code code, const Rule& rule, bool enforced = true) {
  return {verdict, code, enforced, &rule, nullptr, 0};
}

/// What all conditions of an entry amount to.
struct Judged {
  const Condition* error = nullptr;  // the first in error
  const Condition* no = nullptr;     // the first that is false
};

Judged judge_entry(const Entry& entry, Inputs& inputs, Place place) {
  Judged judged;
  for (const Condition& condition : entry.conditions) {
    const Truth truth = evaluate(condition, inputs, place);
    if (truth == Truth::error && judged.error == nullptr) judged.error = &condition;
    if (truth == Truth::no && judged.no == nullptr) judged.no = &condition;
  }
  return judged;
}

bool asks_arguments(const Condition& condition) {
  return condition.path->root == Root::args;
}

/// Whether other arguments could change the answer of an entry.
bool asks_arguments(const Entry& entry) {
  return std::ranges::any_of(entry.conditions, [](const Condition& c) { return asks_arguments(c); });
}

Code code_of(const Condition& condition, Code with_arguments) {
  return asks_arguments(condition) ? with_arguments : Code::tool_denied;
}

/// Steps 5 to 8 over the blocks that apply.
class Judge {
 public:
  Judge(const Policy::Program& program, const Call& call, Scratch::State& scratch, bool observe)
      : program_(program),
        inputs_(call, *program.zone, &scratch.slots),
        args_(call.args),
        scratch_(scratch),
        observe_(observe) {}

  /// Notes a refusal or a request for approval; true where nothing further can change the answer.
  bool settle(Decision decision) {
    decision.enforced = !observe_;
    if (!settled_) {
      decision_ = decision;
      settled_ = true;
    }
    return !observe_;
  }

  /// Step 6 for one block; true where it ends the judging.
  bool deny_by(const Block& block) {
    if (block.action == Action::deny && settle(answer(Verdict::deny, Code::tool_denied, *block.action_rule)))
      return true;
    for (const Entry& entry : block.deny_if) {
      const Judged judged = judge_entry(entry, inputs_, Place::deny_if);
      if (judged.error != nullptr) {
        if (settle_error(*judged.error)) return true;
      } else if (judged.no == nullptr) {
        const Code code = asks_arguments(entry) ? Code::argument_denied : Code::tool_denied;
        if (settle(answer(Verdict::deny, code, first_rule(entry)))) return true;
      }
    }
    for (const Entry& entry : block.require) {
      const Judged judged = judge_entry(entry, inputs_, Place::require);
      if (judged.error != nullptr) {
        if (settle_error(*judged.error)) return true;
      } else if (judged.no != nullptr) {
        if (settle(answer(Verdict::deny, code_of(*judged.no, Code::require_missing), *judged.no->rule)))
          return true;
      }
    }
    if (block.action == Action::approve) ask_by(*block.action_rule, *block.approval);
    for (const Entry& entry : block.approve_if) {
      const Judged judged = judge_entry(entry, inputs_, Place::approve_if);
      if (judged.error != nullptr) {
        if (settle_error(*judged.error)) return true;
      } else if (judged.no == nullptr) {
        ask_by(first_rule(entry), *entry.approval);
      }
    }
    return false;
  }

  /// Step 7. An approval does not end the judging: what its ticket must reserve is still wanted.
  void ask() {
    if (approval_ != nullptr) settle(answer(Verdict::approve, Code::approval_pending, *approval_));
  }

  /// Step 8 for one block; true where an amount refuses the call.
  bool demand_by(const Block& block) {
    for (std::uint32_t index : block.limits) {
      const Limit& limit = program_.limits[index];
      std::int64_t amount = 1'000'000;
      if (limit.has_amount) {
        const Single single = resolve(program_.amounts[index], args_);
        const Rule* refused = nullptr;
        if (single.error || !single.value.is(json::Type::number)) {
          refused = limit.wrong_amount;
        } else if (const auto sum = json::Decimal(single.value.number()).to_millionths_rounded_up(); sum) {
          amount = *sum;
        } else {
          refused = sum.error() == json::AmountError::negative ? limit.wrong_amount : limit.without_room;
        }
        if (refused != nullptr) {
          const bool wrong = refused == limit.wrong_amount;
          Decision decision =
              answer(Verdict::deny, wrong ? Code::argument_denied : Code::budget_exceeded, *refused);
          decision.limit = &limit;
          if (settle(decision)) return true;
          continue;
        }
      }
      scratch_.demands.push_back({&limit, amount});
    }
    return false;
  }

  const Decision& decision() const { return decision_; }

 private:
  void ask_by(const Rule& rule, const Approval& approval) {
    if (approval_ == nullptr) approval_ = &rule;
    scratch_.approvals.push_back(&approval);
  }
  static const Rule& first_rule(const Entry& entry) {
    return entry.conditions.empty() ? *entry.rule : *entry.conditions.front().rule;
  }
  bool settle_error(const Condition& condition) {
    return settle(answer(Verdict::deny, code_of(condition, Code::argument_denied), *condition.type_rule));
  }

  const Policy::Program& program_;
  Inputs inputs_;
  json::Value args_;
  Scratch::State& scratch_;
  bool observe_;
  bool settled_ = false;
  const Rule* approval_ = nullptr;
  Decision decision_ = answer(Verdict::allow, Code::none, kAllowed);
};

/// Makes room for what the largest call under the program can need.
void fit(const Policy::Program& program, Scratch::State& scratch) {
  scratch.demands.reserve(program.limits.size());
  scratch.approvals.reserve(program.approvals.size());
  scratch.slots.fit(program.keys);
  const std::size_t blocks = program.globs.size() + 3;
  scratch.plan.blocks.reserve(blocks);
  scratch.outer.blocks.reserve(blocks);
}

/// Whether the section has rules over URIs and the call's URI has another spelling, which they would not meet.
bool spelled_otherwise(const Section* section, const Call& call) {
  if (section == nullptr || call.kind != Kind::resource) return false;
  const bool has_rules =
      !section->hide.items().empty() || !section->block.deny_if.empty() || !section->block.require.empty();
  return has_rules && !is_plain_uri(call.tool);
}

Decision judge_section(const Policy::Program& program, const Section* section, const Call& call,
                       Scratch::State& scratch, bool observe) {
  Judge judge(program, call, scratch, observe);
  const Rule* hidden = section != nullptr ? section->hide.match(call.tool) : nullptr;
  if (hidden != nullptr && judge.settle(answer(Verdict::hide, Code::tool_hidden, *hidden)))
    return judge.decision();
  if (!call.known) return answer(Verdict::hide, Code::unknown_tool, kUnknownTool);
  // Rules see bytes: what a server may read as another URI than they do is judged by none of them.
  if (spelled_otherwise(section, call) &&
      judge.settle(answer(Verdict::deny, Code::argument_denied, kAmbiguousUri)))
    return judge.decision();
  const Default verdict = section != nullptr ? section->default_verdict : program.default_verdict;
  const Rule* rule = section != nullptr ? section->default_rule : program.default_rule;
  if (verdict == Default::deny && judge.settle(answer(Verdict::deny, Code::default_deny, *rule)))
    return judge.decision();
  if (section != nullptr && !judge.deny_by(section->block)) judge.demand_by(section->block);
  return judge.decision();
}

}  // namespace

Decision judge(const Policy::Program& program, const Call& call, Scratch::State& scratch,
               const ToolIndex::Plan* plan, bool observe) {
  fit(program, scratch);
  scratch.demands.clear();
  scratch.approvals.clear();
  scratch.slots.gather(program.keys, call.args);
  if (call.kind == Kind::resource)
    return judge_section(program, program.resources.get(), call, scratch, observe);
  if (call.kind == Kind::prompt) return judge_section(program, program.prompts.get(), call, scratch, observe);

  if (plan == nullptr) {
    make_plan(program, call.tool, call.category, scratch.plan);
    plan = &scratch.plan;
  }
  const Rule* hidden = nullptr;
  if (!call.outer.empty()) {
    make_plan(program, call.outer, call.outer_category, scratch.outer);
    hidden = scratch.outer.hidden;
  }
  if (hidden == nullptr) hidden = plan->hidden;
  Judge judge(program, call, scratch, observe);
  if (hidden != nullptr && judge.settle(answer(Verdict::hide, Code::tool_hidden, *hidden)))
    return judge.decision();
  if (!call.known) return answer(Verdict::hide, Code::unknown_tool, kUnknownTool);
  if (!plan->named && program.default_verdict == Default::deny &&
      judge.settle(answer(Verdict::deny, Code::default_deny, *program.default_rule))) {
    return judge.decision();
  }
  for (const Block* block : plan->blocks) {
    if (judge.deny_by(*block)) return judge.decision();
  }
  judge.ask();
  for (const Block* block : plan->blocks) {
    if (judge.demand_by(*block)) break;
  }
  return judge.decision();
}

Decision decide(const Policy& policy, const Call& call, Scratch& scratch, const ToolIndex* index) noexcept {
  try {
    const bool indexed = index != nullptr && call.kind == Kind::tool;
    return judge(policy.program(), call, scratch.state(),
                 indexed ? index->find(call.tool, call.category) : nullptr, policy.mode() == Mode::observe);
  } catch (const std::exception&) {
    scratch.state().demands.clear();
    scratch.state().approvals.clear();
    return policy_error();
  }
}

Decision judge_uncounted(const Policy& policy, const Call& call, Scratch& scratch) {
  Decision decision = judge(policy.program(), call, scratch.state(), nullptr, false);
  if (decision.verdict == Verdict::allow) {
    for (const LimitDemand& demand : scratch.demands()) {
      if (demand.amount_millionths > demand.limit->max_millionths)
        return limit_denial(decision, *demand.limit, 0);
    }
  }
  return decision;
}

Decision limit_denial(const Decision& decision, const Limit& limit, std::int64_t retry_after_s) {
  if (!decision.enforced && decision.verdict != Verdict::allow) return decision;
  const Code code = limit.has_amount ? Code::budget_exceeded : Code::rate_limited;
  return {Verdict::deny, code, decision.enforced, limit.without_room, &limit, retry_after_s};
}

Decision approval_denial(const Decision& decision, Code code) {
  return answer(Verdict::deny, code, *decision.rule, decision.enforced);
}

const Rule* allowed_rule() {
  return &kAllowed;
}

Decision no_policy() {
  return answer(Verdict::deny, Code::no_policy, kNoPolicy);
}
Decision definition_changed() {
  return answer(Verdict::deny, Code::tool_changed, kDefinitionChanged);
}
Decision not_reviewed() {
  return answer(Verdict::deny, Code::tool_changed, kNotReviewed);
}
Decision argument_is_injected() {
  return answer(Verdict::deny, Code::argument_denied, kInjected);
}
Decision policy_error() {
  return answer(Verdict::deny, Code::policy_error, kPolicyError);
}

bool listed(const Policy* policy, const Call& call, Scratch& scratch, const ToolIndex* index) noexcept {
  if (policy == nullptr) return false;
  const Policy::Program& program = policy->program();
  if (program.mode == Mode::observe) return true;
  if (call.kind != Kind::tool) {
    const Section* section = (call.kind == Kind::resource ? program.resources : program.prompts).get();
    if (section == nullptr) return program.default_verdict == Default::allow;
    return section->default_verdict == Default::allow && section->hide.match(call.tool) == nullptr &&
           !spelled_otherwise(section, call);
  }
  try {
    const ToolIndex::Plan* plan = index != nullptr ? index->find(call.tool, call.category) : nullptr;
    if (plan == nullptr) {
      fit(program, scratch.state());
      make_plan(program, call.tool, call.category, scratch.state().plan);
      plan = &scratch.state().plan;
    }
    return plan->hidden == nullptr;
  } catch (const std::exception&) {
    return false;
  }
}

Scratch::Scratch() : state_(std::make_unique<State>()) {}
Scratch::~Scratch() = default;
Scratch::Scratch(Scratch&&) noexcept = default;
Scratch& Scratch::operator=(Scratch&&) noexcept = default;
std::span<const LimitDemand> Scratch::demands() const {
  return state_->demands;
}
std::span<const Approval* const> Scratch::approvals() const {
  return state_->approvals;
}

std::string_view to_string(Verdict verdict) {
  static constexpr std::array<std::string_view, 4> kNames = {"allow", "deny", "hide", "approve"};
  return kNames[static_cast<std::size_t>(verdict)];
}

std::string_view to_string(Code code) {
  static constexpr std::array<std::string_view, 16> kNames = {
      "none",         "tool_denied",      "default_deny",     "argument_denied",  "require_missing",
      "rate_limited", "budget_exceeded",  "approval_pending", "approval_denied",  "approval_expired",
      "approval_refused", "tool_hidden",  "unknown_tool",     "no_policy",        "policy_error",
      "tool_changed"};
  return kNames[static_cast<std::size_t>(code)];
}

}  // namespace doorward::policy
