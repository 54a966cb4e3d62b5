#include "server/simulation.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "base/rfc3339.h"
#include "base/text.h"
#include "json/writer.h"
#include "policy/rule_place.h"

namespace doorward::server {
namespace {

constexpr std::size_t kMostExamples = 5;
constexpr std::size_t kMostGroups = 500;
constexpr std::int64_t kHourUs = 3'600'000'000;

std::size_t index_of(Change change) {
  return static_cast<std::size_t>(change);
}

std::size_t rank(Change change) {
  return static_cast<std::size_t>(std::ranges::find(kChanges, change) - kChanges.begin());
}

class Summary {
 public:
  Summary(const std::vector<RecordedCall>& calls, const Replay& replay, Simulation& result)
      : calls_(calls), replay_(replay), result_(result) {}

  void run(std::int64_t now_us) {
    for (std::size_t i = calls_.size(); i-- > 0;) add(calls_[i], replay_.calls[i]);
    for (auto& [key, group] : groups_) {
      const policy::RulePlace place = policy::place_of(*result_.draft, group.pointer);
      group.line = place.line;
      group.note = place.note;
      result_.groups.push_back(std::move(group));
    }
    std::ranges::sort(result_.groups, [](const Simulation::Group& a, const Simulation::Group& b) {
      return std::tuple(rank(a.change), b.calls, std::string_view(a.agent), std::string_view(a.tool)) <
             std::tuple(rank(b.change), a.calls, std::string_view(b.agent), std::string_view(b.tool));
    });
    find_lockout(now_us);
    say();
  }

 private:
  using Key = std::tuple<Change, Obstacle, std::string_view, std::string_view, std::string_view, std::string_view, std::string_view,
                         std::string_view>;

  void add(const RecordedCall& call, const Replayed& replayed) {
    const bool succeeded = call.succeeded.value_or(false);
    ++result_.counts[index_of(replayed.change)];
    if (succeeded) ++result_.succeeded[index_of(replayed.change)];
    const Key key{replayed.change, replayed.obstacle, call.agent, call.tool, replayed.was, replayed.now, call.rule, replayed.pointer};
    const auto [found, fresh] = groups_.try_emplace(key);
    Simulation::Group& group = found->second;
    if (fresh) {
      group.change = replayed.change;
      group.obstacle = replayed.obstacle;
      group.agent = call.agent;
      group.tool = call.tool;
      group.was = replayed.was;
      group.now = replayed.now;
      group.was_rule = call.rule;
      group.rule = replayed.rule;
      group.pointer = replayed.pointer;
      group.last_us = call.time_us;
    }
    ++group.calls;
    if (succeeded) ++group.succeeded;
    group.first_us = call.time_us;
    if (group.examples.size() < kMostExamples) group.examples.push_back(call.id);
  }

  /// Whether the tool that agents use most at this time is about to be refused.
  void find_lockout(std::int64_t now_us) {
    struct Use {
      std::uint64_t calls = 0;
      std::uint64_t refused = 0;
    };
    std::map<std::string_view, Use> uses;
    for (std::size_t i = calls_.size(); i-- > 0 && calls_[i].time_us >= now_us - kHourUs;) {
      if (!calls_[i].forwarded) continue;
      Use& use = uses[calls_[i].tool];
      ++use.calls;
      if (replay_.calls[i].change == Change::newly_denied) ++use.refused;
    }
    const auto most = std::ranges::max_element(uses, {}, [](const auto& use) { return use.second.calls; });
    if (most == uses.end() || most->second.refused == 0) return;
    result_.lockout = std::string(most->first) + " is the tool most used in the last hour (" + plural_of(most->second.calls, "call") +
                      "); " + std::to_string(most->second.refused) + " of these would be refused.";
  }

  void say() {
    if (result_.draft->mode() == policy::Mode::observe) {
      result_.notes.emplace_back("The draft only observes: these are the answers that it would give once it enforces.");
    }
    if (replay_.limited_calls > 0) {
      result_.notes.push_back("Counts of limits start from nothing at the oldest call, so " + plural_of(replay_.limited_calls, "call") +
                              " of a limit's first window may meet more room than there was.");
    }
    std::map<Obstacle, std::uint64_t> obstacles;
    for (const Replayed& replayed : replay_.calls) {
      if (replayed.obstacle != Obstacle::none) ++obstacles[replayed.obstacle];
    }
    for (const auto& [obstacle, count] : obstacles) {
      result_.notes.push_back(plural_of(count, "call") + " cannot be replayed. " + std::string(describe(obstacle)));
    }
  }

  const std::vector<RecordedCall>& calls_;
  const Replay& replay_;
  Simulation& result_;
  std::map<Key, Simulation::Group> groups_;
};

void write_counts(json::Writer& writer, const std::array<std::uint64_t, kChanges.size()>& counts) {
  writer.begin_object();
  for (const Change change : kChanges) writer.key(to_string(change)).number(counts[index_of(change)]);
  writer.end_object();
}

void write_group(json::Writer& writer, const Simulation::Group& group) {
  writer.begin_object().key("change").string(to_string(group.change)).key("agent").string(group.agent);
  writer.key("tool").string(group.tool).key("was").string(group.was).key("was_rule").string(group.was_rule);
  writer.key("now").string(group.now).key("rule").string(group.rule).key("pointer").string(group.pointer);
  writer.key("line").number(group.line).key("note").string(group.note);
  writer.key("reason").string(to_string(group.obstacle)).key("why").string(describe(group.obstacle));
  writer.key("calls").number(group.calls).key("succeeded").number(group.succeeded);
  writer.key("first").string(format_time(group.first_us)).key("last").string(format_time(group.last_us));
  writer.key("examples").begin_array();
  for (const std::string& id : group.examples) writer.string(id);
  writer.end_array().end_object();
}

}  // namespace

Simulation simulate(const std::vector<RecordedCall>& calls, std::shared_ptr<const policy::Policy> draft,
                    const ReplayContext& context, std::int64_t now_us) {
  Simulation result;
  result.server = context.server;
  result.calls = calls.size();
  if (!calls.empty()) result.oldest_us = calls.front().time_us;
  const Replay replayed = replay(calls, draft, context);
  result.draft = std::move(draft);
  result.arguments_read = replayed.arguments_read;
  Summary(calls, replayed, result).run(now_us);
  return result;
}

std::string to_json(const Simulation& simulation) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("schema").string("doorward.policy.simulate/1");
  writer.key("server").string(simulation.server).key("policy").string(simulation.policy);
  writer.key("draft").begin_object().key("sha256").string(simulation.draft->sha256());
  writer.key("mode").string(simulation.draft->mode() == policy::Mode::observe ? "observe" : "enforce").end_object();
  writer.key("window").begin_object().key("since").string(format_time(simulation.since_us));
  writer.key("until").string(format_time(simulation.until_us)).key("whole").boolean(simulation.whole);
  if (simulation.calls > 0) writer.key("oldest").string(format_time(simulation.oldest_us));
  writer.end_object().key("calls").number(simulation.calls);
  writer.key("counts");
  write_counts(writer, simulation.counts);
  writer.key("succeeded");
  write_counts(writer, simulation.succeeded);
  writer.key("arguments_read").number(simulation.arguments_read);
  writer.key("groups").begin_array();
  const std::size_t shown = std::min(simulation.groups.size(), kMostGroups);
  for (std::size_t i = 0; i < shown; ++i) write_group(writer, simulation.groups[i]);
  writer.end_array().key("groups_left_out").number(simulation.groups.size() - shown);
  writer.key("notes").begin_array();
  for (const std::string& note : simulation.notes) writer.string(note);
  writer.end_array().key("lockout").string(simulation.lockout).end_object();
  return out;
}

}  // namespace doorward::server
