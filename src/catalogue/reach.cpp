#include "catalogue/reach.h"

#include <algorithm>
#include <utility>

#include "catalogue/sample_value.h"
#include "json/reader.h"
#include "policy/applied.h"

namespace doorward::catalogue {
namespace {

constexpr std::size_t kMostCalls = 96;
constexpr std::size_t kMostIdentities = 12;
constexpr std::size_t kContextCalls = 4;  ///< calls by which a time or an identity is looked for that lets one pass
constexpr std::int64_t kHourUs = 3'600'000'000;
/// Monday 4 January 2027, 00:30 UTC: from here on every hour of a week, in a week in which no clock is put forward.
constexpr std::int64_t kMondayUs = 1'799'022'600'000'000;
constexpr int kHoursOfWeek = 168;

constexpr std::string_view kOutOfDecisions =
    "Not decided, so it counts as open: there are too many tools and grants to ask about all of them.";
constexpr std::string_view kNothingPassed =
    "Not decided, so it counts as open: no generated call passed, but the rules look at what a call brings, so another one might.";

std::string text_of(const Sample& sample) {
  std::string out;
  sample.write(out);
  return out;
}

/// Whether a limit cannot be escaped by opening another session.
bool holds(const policy::LimitDemand& demand) {
  return demand.limit->scope != policy::Scope::session;
}

}  // namespace

std::string_view to_string(Reach reach) {
  constexpr std::array<std::string_view, 5> kNames = {"blocked", "needs-person", "limited", "depends", "open"};
  return kNames[static_cast<std::size_t>(reach)];
}

std::string_view label(Reach reach) {
  constexpr std::array<std::string_view, 5> kNames = {"Blocked", "Needs a person", "Limited", "Depends", "Open"};
  return kNames[static_cast<std::size_t>(reach)];
}

/// One tool under one policy.
class ReachJudge::Question {
 public:
  Question(ReachJudge& judge, const policy::Policy& policy, std::string_view server, const LiveTool& tool, const Caller& caller)
      : judge_(judge), policy_(policy), tool_(tool), caller_(caller), subject_(caller.subject) {
    call_.tool = tool.record.name;
    call_.category = tool.category;
    call_.server = server;
    call_.subject = &subject_;
    call_.outer = tool.record.outer;
    call_.outer_category = tool.outer_category;
    call_.now_us = kMondayUs;
  }

  ToolReach answer() {
    applied_ = policy::applied_to(policy_, call_, !caller_.any_identity);
    const std::vector<GeneratedCall> calls = generate();
    find_context(calls);
    ToolReach enforced = [&] {
      for (const GeneratedCall& call : calls) {
        if (!ask(call)) return undecided(kOutOfDecisions);
      }
      return conclude();
    }();
    return policy_.mode() == policy::Mode::observe ? observed(std::move(enforced)) : enforced;
  }

 private:
  struct Met {
    std::size_t count = 0;
    std::string args;
    std::string what;
    const policy::Rule* rule = nullptr;
  };

  std::vector<GeneratedCall> generate() {
    GenerateOptions options;
    // Where every call is judged alike, two are enough to ask the engine which way.
    options.most = applied_.settled() || applied_.refuses != nullptr ? 2 : kMostCalls;
    options.signals = tool_.record.classification.signals;
    options.conditions = applied_.open;
    options.amounts = applied_.amounts;
    options.without = tool_.filled;
    risk::ToolFacts facts;
    if (const auto root = judge_.definition_reader_.read(tool_.record.definition)) facts = risk::facts_of({}, *root);
    return generate_calls(facts, options);
  }

  /// Looks for a time and an identity under which a call goes through, and goes on with them.
  void find_context(const std::vector<GeneratedCall>& calls) {
    if (!applied_.by_time && !applied_.by_identity) return;
    const std::vector<std::string> identities = make_identities();
    std::vector<GeneratedCall> first;
    for (const GeneratedCall& call : calls) {
      if (first.size() < kContextCalls && (call.trial == Trial::plain || call.trial == Trial::edge)) first.push_back(call);
    }
    std::optional<std::pair<std::size_t, int>> best;
    Reach widest = Reach::blocked;
    for (std::size_t who = 0; who < identities.size(); ++who) {
      set_identity(identities[who]);
      for (int hour = 0; hour < (applied_.by_time ? kHoursOfWeek : 1); ++hour) {
        call_.now_us = kMondayUs + hour * kHourUs;
        for (const GeneratedCall& call : first) {
          const auto got = outcome(call);
          if (!got) return;
          if (best && *got <= widest) continue;
          best = {who, hour};
          widest = *got;
        }
      }
    }
    if (!best) return;
    set_identity(identities[best->first]);
    call_.now_us = kMondayUs + best->second * kHourUs;
  }

  /// Claims on both sides of what the conditions ask.
  std::vector<std::string> make_identities() const {
    if (!applied_.by_identity) return {std::string()};
    std::vector<std::string> all = {"{}"};
    Sample friendly = Sample::object();
    for (const policy::Applied::Asked& asked : applied_.open) {
      const policy::Path& path = *asked.condition->path;
      if (path.root != policy::Root::identity || all.size() >= kMostIdentities) continue;
      const json::Value value = asked.condition->value;
      const json::Value one = value.is(json::Type::array) ? value.at(0) : value;
      Sample sample = one ? Sample::copy_of(one) : Sample::text("someone");
      if (asked.condition->op == policy::Op::exists) sample = Sample::text("someone");
      if (asked.condition->op == policy::Op::regex) {
        sample = Sample::text(sample_of_pattern(value.string()).value_or("someone"));
      }
      Sample alone = Sample::object();
      alone.set(path.segments, sample);
      all.push_back(text_of(alone));
      if (asked.place == policy::Place::require) friendly.set(path.segments, sample);
    }
    all.push_back(text_of(friendly));
    return all;
  }
  void set_identity(const std::string& text) {
    identity_ = text;
    subject_.identity = {};
    if (identity_.empty()) return;
    if (const auto read = judge_.identity_reader_.read(identity_)) subject_.identity = *read;
  }

  /// What the engine says of one call; nothing when no decision is left.
  std::optional<Reach> outcome(const GeneratedCall& generated) {
    if (judge_.left_ == 0) return std::nullopt;
    --judge_.left_;
    ++result_.calls;
    const auto args = judge_.args_reader_.read(generated.args);
    if (!args) return Reach::blocked;
    call_.args = *args;
    decision_ = policy::decide(policy_, call_, judge_.scratch_);
    if (decision_.verdict == policy::Verdict::approve) return Reach::needs_person;
    if (decision_.verdict != policy::Verdict::allow) return Reach::blocked;
    for (const policy::LimitDemand& demand : judge_.scratch_.demands()) {
      if (demand.amount_millionths > demand.limit->max_millionths) {
        decision_ = policy::limit_denial(decision_, *demand.limit, 0);
        return Reach::blocked;
      }
    }
    const auto demands = judge_.scratch_.demands();
    const auto limit = std::ranges::find_if(demands, holds);
    if (limit == demands.end()) return Reach::open;
    decision_.limit = limit->limit;
    decision_.rule = limit->limit->without_room;
    return Reach::limited;
  }

  bool ask(const GeneratedCall& call) {
    const auto got = outcome(call);
    if (!got) return false;
    Met& met = met_[static_cast<std::size_t>(*got)];
    if (met.count++ == 0) {
      met.args = call.args;
      met.what = call.what;
      met.rule = decision_.rule;
    }
    auto& trial = result_.trials[static_cast<std::size_t>(call.trial)];
    trial = trial ? std::max(*trial, *got) : *got;
    return true;
  }

  const Met& met(Reach reach) const { return met_[static_cast<std::size_t>(reach)]; }

  ToolReach conclude() {
    const Met& open = met(Reach::open);
    const Met& limited = met(Reach::limited);
    const Met& asked = met(Reach::needs_person);
    const Met& blocked = met(Reach::blocked);
    if (open.count + limited.count == 0) return conclude_nothing_passed(asked, blocked);
    const Met& passing = open.count > 0 ? open : limited;
    if (asked.count + blocked.count > 0) {
      const Met& stopped = asked.count > 0 ? asked : blocked;
      result_.stopped = stopped.args;
      result_.limited = open.count == 0;
      return conclude(Reach::depends, stopped.rule,
                      "With some arguments it passes (" + passing.what + "), with others it " +
                          (asked.count > 0 ? "waits for a person" : "is refused") + " (" + stopped.what + ").",
                      passing);
    }
    if (open.count > 0) return conclude(Reach::open, nullptr, "No rule stops, asks or limits a call.", open);
    return conclude(Reach::limited, limited.rule, limit_words(), limited);
  }

  ToolReach conclude_nothing_passed(const Met& asked, const Met& blocked) {
    if (applied_.refuses != nullptr) {
      return conclude(Reach::blocked, applied_.refuses, "Every call is refused.", blocked);
    }
    if (applied_.asks != nullptr) {
      return conclude(Reach::needs_person, applied_.asks, "Every call waits for a person.", asked);
    }
    if (applied_.settled()) return conclude(Reach::blocked, blocked.rule, "Every call is refused.", blocked);
    name(asked.count > 0 ? asked.rule : blocked.rule);
    return undecided(kNothingPassed);
  }

  /// What the rules say is recorded, and every call passes.
  ToolReach observed(ToolReach enforced) const {
    ToolReach open = std::move(enforced);
    open.observed = true;
    open.would = open.decided ? open.reach : Reach::depends;
    open.reach = Reach::open;
    open.decided = true;
    open.limited = false;
    for (const Met& each : met_) {
      if (open.passes.empty() && each.count > 0) open.passes = each.args;
    }
    open.why = open.would == Reach::open ? "Every call passes." : "The policy only observes: its rules are recorded and every call passes. If it enforced: " + open.why;
    for (auto& trial : open.trials) {
      if (trial) trial = Reach::open;
    }
    return open;
  }

  void name(const policy::Rule* rule) {
    if (rule == nullptr) return;
    result_.rule = rule->rule;
    result_.pointer = rule->pointer;
  }

  ToolReach conclude(Reach reach, const policy::Rule* rule, std::string why, const Met& example) {
    result_.reach = reach;
    name(rule);
    result_.why = std::move(why);
    if (is_usable(reach)) result_.passes = example.args;
    return std::move(result_);
  }
  ToolReach undecided(std::string_view why) {
    result_.reach = Reach::open;
    result_.decided = false;
    result_.why = why;
    return std::move(result_);
  }

  std::string limit_words() const {
    for (const policy::Limit& limit : policy_.limits()) {
      if (limit.without_room != nullptr && limit.without_room == met(Reach::limited).rule) {
        const std::string what = limit.has_amount ? " of " + limit.amount_path : limit.max_text == "1" ? " call" : " calls";
        return "At most " + limit.max_text + what + " in a " + limit.window_text + ".";
      }
    }
    return "Calls are limited.";
  }

  ReachJudge& judge_;
  const policy::Policy& policy_;
  const LiveTool& tool_;
  const Caller& caller_;
  policy::Subject subject_;
  policy::Call call_;
  policy::Applied applied_;
  policy::Decision decision_;
  std::string identity_;
  std::array<Met, 5> met_;
  ToolReach result_;
};

ToolReach ReachJudge::judge(const policy::Policy* policy, std::string_view server, const LiveTool& tool, const Caller& caller) {
  ToolReach settled;
  settled.reach = Reach::blocked;
  if (policy == nullptr) {
    settled.rule = policy::no_policy().rule->rule;
    settled.why = "The grant carries no policy, so every call is refused.";
    return settled;
  }
  if (!tool.withheld.empty()) {
    settled.rule = tool.withheld;
    settled.why = "Its definition is not one that was reviewed.";
    return settled;
  }
  if (left_ == 0) {
    settled.reach = Reach::open;
    settled.decided = false;
    settled.why = kOutOfDecisions;
    return settled;
  }
  return Question(*this, *policy, server, tool, caller).answer();
}

}  // namespace doorward::catalogue
