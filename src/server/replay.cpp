#include "server/replay.h"

#include <algorithm>
#include <set>
#include <utility>

#include "audit/redact.h"
#include "gateway/world.h"
#include "json/reader.h"
#include "json/writer.h"
#include "policy/applied.h"
#include "quota/table.h"

namespace doorward::server {
namespace {

constexpr std::string_view kAllowed = "allowed";
constexpr std::string_view kDenied = "denied";
constexpr std::string_view kHidden = "hidden";
constexpr std::string_view kLimited = "rate_limited";
constexpr std::string_view kAsks = "needs_approval";

bool is_limit(std::string_view code) {
  return code == policy::to_string(policy::Code::rate_limited) || code == policy::to_string(policy::Code::budget_exceeded);
}

/// What a recorded verdict is to an agent under a policy that enforces.
std::string_view word_of(std::string_view verdict, std::string_view code) {
  if (verdict == policy::to_string(policy::Verdict::allow)) return kAllowed;
  if (verdict == policy::to_string(policy::Verdict::hide)) return kHidden;
  if (verdict == policy::to_string(policy::Verdict::approve) || code.starts_with("approval_")) return kAsks;
  return is_limit(code) ? kLimited : kDenied;
}

std::string_view word_of(const policy::Decision& decision) {
  return word_of(policy::to_string(decision.verdict), policy::to_string(decision.code));
}

/// What the agent met.
std::string_view met(const RecordedCall& call) {
  if (!call.enforced && call.forwarded) return kAllowed;
  return word_of(call.verdict, call.code);
}

/// Refused by the gateway itself, whatever a policy says.
bool is_refused_before_policy(const RecordedCall& call) {
  static const std::set<std::string_view> kRules = {"(unknown tool)", "(not reviewed)", "(definition changed)", "(injected argument)"};
  return kRules.contains(call.rule);
}

Change change_of(const RecordedCall& call, std::string_view was, std::string_view now) {
  if (now == was) return Change::unchanged;
  if (now == kAllowed) return Change::newly_allowed;
  if (now == kAsks) return Change::newly_asks;
  // What was refused and still is has only another reason; what a person let through is refused now.
  const bool passed = call.forwarded || was == kAllowed || was == kAsks;
  return passed ? Change::newly_denied : Change::unchanged;
}

/// One call with what is known of it.
class KnownCall {
 public:
  KnownCall(const RecordedCall& recorded, const ReplayContext& context) {
    call_.tool = recorded.tool;
    call_.server = context.server;
    call_.category = context.category_of(recorded.tool);
    call_.now_us = recorded.time_us;
    if (const auto outer = context.outer_of.find(recorded.tool); outer != context.outer_of.end()) {
      call_.outer = outer->second;
      call_.outer_category = context.category_of(outer->second);
    }
    auto grant = context.grants.find(recorded.grant_id);
    if (grant == context.grants.end()) grant = context.grants.find(recorded.agent);
    subject_.label = recorded.agent;
    holder_ = recorded.grant_id;
    if (grant != context.grants.end()) {
      subject_.labels = grant->second.labels;
      holder_ = grant->second.id;
    }
    unknown_labels_ = grant == context.grants.end();
    unknown_identity_ = !recorded.subject.empty();
    unknown_names_ = recorded.arguments;
    all_unknown_ = !recorded.arguments_whole;
    call_.subject = &subject_;
  }
  KnownCall(const KnownCall&) = delete;
  KnownCall& operator=(const KnownCall&) = delete;

  /// Puts stored arguments in place; what was redacted stays unknown.
  void open(const std::vector<audit::StoredArgument>& stored) {
    text_ = "{";
    json::Writer writer(text_);
    for (const audit::StoredArgument& argument : stored) {
      if (!argument.path.starts_with("args.")) continue;
      const std::string name = argument.path.substr(5);
      const auto place = std::ranges::find(unknown_names_, name);
      if (place == unknown_names_.end()) continue;
      if (argument.value.find(audit::kRedacted) != std::string::npos) {
        redacted_ = true;
        continue;
      }
      unknown_names_.erase(place);
      if (text_.size() > 1) text_ += ',';
      json::append_string(text_, name);
      text_ += ':';
      text_ += argument.value;
    }
    text_ += "}";
    if (const auto read = reader_.read(text_)) call_.args = *read;
  }

  policy::Unknown unknown() const { return {unknown_names_, all_unknown_, unknown_identity_, unknown_labels_}; }
  const policy::Call& call() const { return call_; }
  const std::string& holder() const { return holder_; }
  bool redacted() const { return redacted_; }
  bool all_unknown() const { return all_unknown_; }

 private:
  policy::Call call_;
  policy::Subject subject_;
  std::string holder_;
  std::vector<std::string> unknown_names_;
  bool all_unknown_ = false;
  bool unknown_identity_ = false;
  bool unknown_labels_ = false;
  bool redacted_ = false;
  std::string text_;
  json::Reader reader_;
};

class Replayer {
 public:
  Replayer(const std::vector<RecordedCall>& calls, std::shared_ptr<const policy::Policy> draft, const ReplayContext& context)
      : calls_(calls),
        draft_(std::move(draft)),
        context_(context),
        start_us_(calls.empty() ? 0 : calls.front().time_us),
        counts_(start_us_, start_us_) {}

  Replay run() {
    if (context_.arguments_of) fetch_arguments();
    for (const RecordedCall& call : calls_) result_.calls.push_back(judge(call));
    return std::move(result_);
  }

 private:
  /// Reads what is stored of all calls that cannot be judged without.
  void fetch_arguments() {
    std::set<std::string, std::less<>> wanted;
    for (const RecordedCall& call : calls_) {
      if (is_refused_before_policy(call) || is_alike(call)) continue;
      const KnownCall known(call, context_);
      const policy::Applied applied = policy::applied_to(*draft_, known.call(), known.unknown());
      if (applied.refuses == nullptr && !applied.settled()) wanted.insert(call.id);
    }
    if (!wanted.empty()) stored_ = context_.arguments_of(wanted);
    result_.arguments_read = stored_.size();
  }

  const policy::Policy* policy_of(const RecordedCall& call) {
    if (call.policy_sha256.empty() || !context_.policy_of) return nullptr;
    const auto [found, fresh] = policies_.try_emplace(call.policy_sha256);
    if (fresh) found->second = context_.policy_of(call.policy_sha256);
    return found->second.get();
  }

  /// Whether the draft judges the call by the text by which it was judged then.
  bool is_alike(const RecordedCall& call) {
    const policy::Policy* then = policy_of(call);
    if (then == nullptr) return false;
    const auto [found, fresh] = alike_.try_emplace({then, call.tool}, false);
    if (fresh) found->second = policy::judged_alike(*draft_, *then, KnownCall(call, context_).call());
    return found->second;
  }

  Replayed judge(const RecordedCall& call) {
    Replayed replayed;
    replayed.was = met(call);
    if (is_refused_before_policy(call)) {
      replayed.now = replayed.was;
      return replayed;
    }
    KnownCall known(call, context_);
    if (const auto stored = stored_.find(call.id); stored != stored_.end()) known.open(stored->second);
    if (is_alike(call)) return judge_alike(call, known, replayed);
    const policy::Applied applied = policy::applied_to(*draft_, known.call(), known.unknown());
    if (applied.refuses == nullptr && !applied.settled()) {
      replayed.change = Change::not_replayable;
      replayed.obstacle = obstacle_of(applied, known);
      return replayed;
    }
    policy::Decision decision = policy::decide(*draft_, known.call(), scratch_);
    // Where not all is known, the rule that refuses whatever the rest is names the decision.
    if (applied.refuses != nullptr && !applied.settled() && decision.verdict != policy::Verdict::hide) {
      return conclude(call, replayed, kDenied, applied.refuses);
    }
    if (decision.verdict == policy::Verdict::allow) decision = count(call, known, decision);
    const std::string_view now = word_of(decision);
    if (now != kLimited && replayed.was == kLimited && window_begins_) {
      replayed.change = Change::not_replayable;
      replayed.obstacle = Obstacle::counters_start_empty;
      return replayed;
    }
    return conclude(call, replayed, now, decision.rule);
  }

  /// The verdict is the recorded one; what it counted is counted for the calls of other tools.
  Replayed judge_alike(const RecordedCall& call, const KnownCall& known, Replayed replayed) {
    replayed.same_rules = true;
    replayed.now = word_of(call.verdict, call.code);
    replayed.change = change_of(call, replayed.was, replayed.now);
    if (replayed.now == kAllowed && !draft_->limits().empty()) {
      const policy::Applied applied = policy::applied_to(*draft_, known.call(), known.unknown());
      if (applied.settled()) {
        const policy::Decision decision = policy::decide(*draft_, known.call(), scratch_);
        if (decision.verdict == policy::Verdict::allow) count(call, known, decision);
      }
    }
    replayed.rule = call.rule;
    replayed.pointer = call.pointer;
    return replayed;
  }

  Replayed conclude(const RecordedCall& call, Replayed replayed, std::string_view now, const policy::Rule* rule) const {
    replayed.now = now;
    replayed.change = change_of(call, replayed.was, now);
    replayed.rule = rule->rule;
    replayed.pointer = rule->pointer;
    return replayed;
  }

  Obstacle obstacle_of(const policy::Applied& applied, const KnownCall& known) const {
    for (const policy::Applied::Asked& asked : applied.open) {
      if (asked.condition->path->root == policy::Root::identity) return Obstacle::identity_not_recorded;
      if (asked.condition->path->root == policy::Root::grant_labels) return Obstacle::grant_is_gone;
    }
    if (!context_.arguments_of) return Obstacle::arguments_not_shown;
    return known.redacted() ? Obstacle::arguments_redacted : Obstacle::arguments_not_stored;
  }

  quota::Demand demand_of(const RecordedCall& call, const KnownCall& known, const policy::LimitDemand& wanted) const {
    using policy::Scope;
    quota::HolderKind kind = quota::HolderKind::grant;
    std::string holder = known.holder();
    const Scope scope = wanted.limit->scope;
    if (scope == Scope::session && !call.session.empty()) {
      kind = quota::HolderKind::session;
      holder = call.session;
    } else if (scope == Scope::identity && !call.subject.empty()) {
      kind = quota::HolderKind::identity;
      holder = call.issuer + "\n" + call.subject;
    } else if (scope == Scope::server) {
      kind = quota::HolderKind::server;
      holder = context_.server;
    } else if (scope == Scope::organisation) {
      kind = quota::HolderKind::organisation;
      holder.clear();
    }
    quota::Demand demand = gateway::demand_of(*draft_, *wanted.limit, context_.server, kind, holder);
    demand.amount = wanted.amount_millionths;
    return demand;
  }

  /// Reserves what an allowed call needs; the decision that comes of it.
  policy::Decision count(const RecordedCall& call, const KnownCall& known, policy::Decision decision) {
    window_begins_ = false;
    const auto wanted = scratch_.demands();
    if (wanted.empty()) return decision;
    std::vector<quota::Demand> demands;
    for (const policy::LimitDemand& each : wanted) {
      demands.push_back(demand_of(call, known, each));
      window_begins_ |= call.time_us < end_of_first_window(*each.limit);
    }
    if (window_begins_) ++result_.limited_calls;
    const quota::Outcome outcome = counts_.reserve(demands, {call.time_us, call.time_us}, reservation_);
    if (outcome.granted()) return decision;
    return policy::limit_denial(decision, *wanted[outcome.demand].limit, 0);
  }

  std::int64_t end_of_first_window(const policy::Limit& limit) const {
    constexpr std::int64_t kDayUs = 86'400'000'000;
    switch (limit.window) {
      case policy::WindowKind::rolling:
        return start_us_ + limit.window_s * 1'000'000;
      case policy::WindowKind::day:
        return start_us_ + kDayUs;
      case policy::WindowKind::week:
        return start_us_ + 7 * kDayUs;
      case policy::WindowKind::month:
        break;
    }
    return start_us_ + 31 * kDayUs;
  }

  const std::vector<RecordedCall>& calls_;
  std::shared_ptr<const policy::Policy> draft_;
  const ReplayContext& context_;
  std::int64_t start_us_;
  quota::Table counts_;
  quota::Reservation reservation_;
  policy::Scratch scratch_;
  bool window_begins_ = false;  ///< of a limit of the call that was counted last
  std::map<std::string, std::shared_ptr<const policy::Policy>> policies_;
  std::map<std::pair<const policy::Policy*, std::string>, bool> alike_;
  std::map<std::string, std::vector<audit::StoredArgument>> stored_;
  Replay result_;
};

}  // namespace

std::string_view to_string(Change change) {
  constexpr std::array<std::string_view, 5> kNames = {"unchanged", "newly_denied", "newly_allowed", "newly_asks", "not_replayable"};
  return kNames[static_cast<std::size_t>(change)];
}

std::string_view to_string(Obstacle obstacle) {
  constexpr std::array<std::string_view, 7> kNames = {
      "",  "arguments_not_stored", "arguments_not_shown", "arguments_redacted", "identity_not_recorded",
      "grant_is_gone", "counters_start_empty"};
  return kNames[static_cast<std::size_t>(obstacle)];
}

std::string_view describe(Obstacle obstacle) {
  switch (obstacle) {
    case Obstacle::none:
      return "";
    case Obstacle::arguments_not_stored:
      return "A rule looks at arguments whose values are not stored.";
    case Obstacle::arguments_not_shown:
      return "A rule looks at arguments, and your roles do not see the stored ones.";
    case Obstacle::arguments_redacted:
      return "A rule looks at an argument that was redacted before it was stored.";
    case Obstacle::identity_not_recorded:
      return "A rule looks at claims of the caller, which the log does not hold.";
    case Obstacle::grant_is_gone:
      return "A rule looks at labels of a grant that is no longer there.";
    case Obstacle::counters_start_empty:
      return "A limit refused it, and what was counted before the window is not replayed.";
  }
  return "";
}

Replay replay(const std::vector<RecordedCall>& calls, const std::shared_ptr<const policy::Policy>& draft,
              const ReplayContext& context) {
  return Replayer(calls, draft, context).run();
}

}  // namespace doorward::server
