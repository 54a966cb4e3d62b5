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
constexpr std::string_view kNotStored = "not stored";

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

class Explainer {
 public:
  Explainer(const Policy& policy, const Call& call, const Decision& decision, Missing missing = {})
      : policy_(policy), program_(policy.program()), call_(call), decision_(decision), missing_(missing) {}

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

  bool is_missing(const Condition& condition) const {
    const std::string_view path = condition.path->text;
    if (!missing_.redacted.empty() && path.starts_with("args") &&
        witness(condition, call_, policy_.time_zone(), Place::deny_if).actual.contains(missing_.redacted)) {
      return true;
    }
    return (missing_.arguments && path.starts_with("args")) || (missing_.identity && path.starts_with("identity"));
  }

  /// What decided is known, though its value is not: every condition of an entry of deny_if held, and the one of
  /// require did not.
  std::string_view known_result(const Condition& condition) const {
    if (decision_.verdict == Verdict::allow) return "unknown";
    if (located_.type_error) return located_.condition == &condition ? "error" : "unknown";
    if (located_.place == Place::require) return located_.condition == &condition ? "false" : "unknown";
    return "true";
  }

  void gather_evidence() {
    if (located_.entry == nullptr) return;
    for (const Condition& condition : located_.entry->conditions) {
      Evidence& evidence = out_.evidence.emplace_back();
      evidence.path = condition.path->text;
      evidence.op = to_string(condition.op);
      evidence.expected = spelled(condition.value);
      if (is_missing(condition)) {
        evidence.actual = kNotStored;
        evidence.result = known_result(condition);
        continue;
      }
      const Witness met = witness(condition, call_, policy_.time_zone(), located_.place);
      evidence.actual = met.actual;
      evidence.result = word(met.truth);
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
    const bool by_rule = !decision_.rule->pointer.empty() || decision_.code == Code::none || decision_.code == Code::default_deny;
    if (!by_rule) {
      add("the gateway's own rule " + decision_.rule->rule, kDecided);
      add("rules, limits, approval", kSkipped);
      return;
    }
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
    std::string text = block.title + " " + std::string(to_string(place)) + "[" + std::to_string(index) + "]";
    for (std::size_t i = 0; i < entry.conditions.size(); ++i) {
      const Condition& condition = entry.conditions[i];
      text += (i == 0 ? " " : " and ") + plain(condition.path->text) + " " +
              std::string(to_string(condition.op)) + " " + plain(spelled(condition.value), 60);
      if (is_missing(condition)) {
        text += " (actual not stored)";
        continue;
      }
      const Witness met = witness(condition, call_, policy_.time_zone(), place);
      text += " (actual " + met.actual + ": " + std::string(word(met.truth)) + ")";
    }
    return entry.conditions.empty() ? text + " always" : text;
  }

  void summarise() {
    const std::string tool = plain(call_.tool);
    switch (decision_.code) {
      case Code::none:
        out_.summary = tool + (decision_.verdict == Verdict::approve ? " was approved by a person." : " is allowed.");
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
      case Code::approval_denied:
        out_.summary = "A person who was asked refused " + tool + ".";
        return;
      case Code::approval_expired:
        out_.summary = tool + " needed a person's approval, and nobody answered in time.";
        return;
      case Code::approval_refused:
        out_.summary = tool + " needs a person's approval, and nobody could be asked.";
        return;
      case Code::tool_changed:
        out_.summary = tool + " is not as it was reviewed; a person must review it first.";
        return;
      case Code::no_policy:
        out_.summary = "The grant carries no policy, so every call is refused.";
        return;
      case Code::policy_error:
        out_.summary = tool + " could not be judged, and what cannot be judged is refused.";
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
    } else if (located_.condition != nullptr && is_missing(*located_.condition)) {
      const Condition& condition = *located_.condition;
      out_.summary = plain(condition.path->text) + " ";
      out_.summary += located_.type_error ? "had a value that the operator " + std::string(to_string(condition.op)) + " cannot judge"
                                          : demand_text(condition, located_.place != Place::require);
      out_.summary += "; its value is not stored.";
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
    if (decision_.verdict != Verdict::approve) return;
    const Approval* asked = located_.entry != nullptr ? located_.entry->approval
                            : located_.block != nullptr ? located_.block->approval
                                                        : nullptr;
    out_.remedy.ask = missing_.arguments && asked != nullptr ? asked_of(std::span(&asked, 1)) : asked_of(policy_, call_);
  }

  const Policy& policy_;
  const Policy::Program& program_;
  const Call& call_;
  const Decision& decision_;
  const Missing missing_;
  Located located_;
  Explanation out_;
};

/// The row of a document or of the fixed ones that a record names; null where the document has none such.
std::optional<Decision> find_decision(const Policy& policy, const Call& call, const Recorded& recorded) {
  const Policy::Program& program = policy.program();
  Decision decision;
  decision.verdict = recorded.verdict;
  decision.code = recorded.code;
  decision.retry_after_s = recorded.retry_after_s;
  for (const Rule& rule : program.rules) {
    if (rule.rule == recorded.rule && rule.pointer == recorded.pointer) decision.rule = &rule;
  }
  for (const Limit& limit : program.limits) {
    if (decision.rule != nullptr && (limit.without_room == decision.rule || limit.wrong_amount == decision.rule)) {
      decision.limit = &limit;
    }
  }
  for (const Decision& fixed : {no_policy(), definition_changed(), not_reviewed(), argument_is_injected(), policy_error()}) {
    if (decision.rule == nullptr && fixed.rule->rule == recorded.rule) decision.rule = fixed.rule;
  }
  if (decision.rule == nullptr) {
    // The rows of an allowed call and of an unknown tool are the engine's.
    Scratch scratch;
    Call judged = call;
    judged.known = recorded.code != Code::unknown_tool;
    const Decision again = judge_uncounted(policy, judged, scratch);
    if (again.rule->rule == recorded.rule) decision.rule = again.rule;
  }
  if (decision.rule == nullptr && recorded.rule.empty()) decision.rule = allowed_rule();
  if (decision.rule == nullptr) return std::nullopt;
  return decision;
}

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

Explanation explain_recorded(const Policy* policy, const Call& call, const Recorded& recorded, Missing missing) {
  const std::optional<Decision> decision =
      policy == nullptr ? std::nullopt : find_decision(*policy, call, recorded);
  Explanation out;
  if (decision) out = Explainer(*policy, call, *decision, missing).run();
  out.decision = recorded.verdict;
  out.code = recorded.code;
  out.rule = recorded.rule;
  out.pointer = recorded.pointer;
  out.server = call.server;
  out.tool = call.tool;
  out.forwarded = recorded.forwarded;
  out.remedy.after_s = recorded.retry_after_s;
  if (recorded.verdict == Verdict::allow || (recorded.verdict == Verdict::approve && recorded.forwarded)) {
    out.remedy.retry.clear();
  } else {
    out.remedy.retry = retry_of(recorded.code);
  }
  if (decision) return out;
  const bool none = recorded.code == Code::no_policy;
  out.summary = none ? "The grant carries no policy, so every call is refused."
                     : plain(call.tool) + (recorded.forwarded ? " went to the server." : " was refused.");
  out.trace.push_back({none ? "the grant carries no policy" : "the policy's text is not kept; the log alone speaks",
                       std::string(none ? kDecided : kOk), {}, 0});
  if (!none && !recorded.rule.empty()) {
    out.trace.push_back({"rule " + plain(recorded.rule, 400), std::string(kDecided), std::string(recorded.pointer), 0});
  }
  return out;
}

std::string_view word_of(const Explanation& explanation) {
  if (explanation.decision == Verdict::allow) return "allowed";
  if (!explanation.enforced) return "would_deny";
  if (explanation.decision == Verdict::hide) return "hidden";
  if (explanation.decision == Verdict::approve && explanation.forwarded) return "allowed";
  const bool waited = explanation.code == Code::approval_pending || explanation.code == Code::approval_expired ||
                      explanation.code == Code::approval_refused;
  if (waited) return "needs_approval";
  const bool limited = explanation.code == Code::rate_limited || explanation.code == Code::budget_exceeded;
  return limited ? "rate_limited" : "denied";
}

}  // namespace doorward::policy
