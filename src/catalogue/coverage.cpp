#include "catalogue/coverage.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "catalogue/coverage_fix.h"
#include "catalogue/stack.h"
#include "json/reader.h"
#include "policy/applied.h"
#include "risk/poisoning.h"

namespace doorward::catalogue {
namespace {

constexpr std::size_t kMostAccesses = 5;  ///< that are shown of one tool, the widest

std::size_t index_of(Reach reach) {
  return static_cast<std::size_t>(reach);
}
std::size_t index_of(Severity severity) {
  return static_cast<std::size_t>(severity);
}

/// Grants that carry the same policy are judged alike, unless it looks at who carries it.
std::vector<Coverage::Access> group(const Deployment& deployment) {
  using Key = std::tuple<std::size_t, const policy::Policy*, bool, std::size_t>;
  std::map<Key, std::size_t> known;
  std::vector<Coverage::Access> accesses;
  for (std::size_t i = 0; i < deployment.grants.size(); ++i) {
    const LiveGrant& grant = deployment.grants[i];
    for (const LiveGrant::Access& access : grant.access) {
      const bool alone = access.policy && policy::asks_holder(*access.policy);
      const Key key{access.server, access.policy.get(), grant.caller.any_identity, alone ? i + 1 : 0};
      const auto [found, fresh] = known.try_emplace(key, accesses.size());
      if (fresh) accesses.push_back({access.server, access.policy, {}, {}});
      accesses[found->second].grants.push_back(i);
    }
  }
  return accesses;
}

class Survey {
 public:
  Survey(const Deployment& deployment, const CoverageOptions& options)
      : deployment_(deployment), options_(options), judge_(options.decisions) {}

  Coverage run() {
    result_.accesses = judge_accesses(deployment_, judge_);
    find_widest();
    count();
    say();
    patterns();
    result_.decisions = options_.decisions - judge_.left();
    result_.whole = judge_.left() > 0;
    return std::move(result_);
  }

 private:
  struct Widest {
    Reach reach = Reach::blocked;
    bool decided = true;
  };

  void find_widest() {
    widest_.resize(deployment_.servers.size());
    for (std::size_t i = 0; i < widest_.size(); ++i) widest_[i].resize(deployment_.servers[i].tools.size());
    for (const Coverage::Access& access : result_.accesses) {
      for (std::size_t i = 0; i < access.tools.size(); ++i) {
        Widest& widest = widest_[access.server][i];
        const ToolReach& now = access.tools[i];
        // What is known to be open is worse than what only counts as it.
        if (now.reach > widest.reach || (now.reach == widest.reach && now.decided)) widest = {now.reach, now.decided};
      }
    }
  }

  void count() {
    std::array<std::set<std::size_t>, kSeverities.size()> agents;
    for (std::size_t s = 0; s < deployment_.servers.size(); ++s) {
      for (std::size_t t = 0; t < deployment_.servers[s].tools.size(); ++t) {
        Coverage::Count& count = result_.by_severity[severity_of(s, t)];
        ++count.tools;
        ++count.reach[index_of(widest_[s][t].reach)];
        count.undecided += widest_[s][t].decided ? 0 : 1;
      }
    }
    for (const Coverage::Access& access : result_.accesses) {
      for (std::size_t t = 0; t < access.tools.size(); ++t) {
        if (!is_usable(access.tools[t].reach)) continue;
        agents[severity_of(access.server, t)].insert(access.grants.begin(), access.grants.end());
      }
    }
    for (std::size_t i = 0; i < agents.size(); ++i) result_.by_severity[i].agents = agents[i].size();
  }

  std::size_t severity_of(std::size_t server, std::size_t tool) const {
    return index_of(record(server, tool).classification.severity);
  }
  const ToolRecord& record(std::size_t server, std::size_t tool) const {
    return deployment_.servers[server].tools[tool].record;
  }

  void say() {
    const Coverage::Count& critical = result_.by_severity[index_of(Severity::critical)];
    std::string& text = result_.sentence;
    if (critical.tools == 0) {
      std::size_t tools = 0;
      for (const Coverage::Count& count : result_.by_severity) tools += count.tools;
      text = tools == 0 ? "No tool of any server was met yet." : "None of " + plural_of(tools, "tool") + " is critical.";
      return;
    }
    const std::string all = plural_of(critical.tools, "critical tool");
    const std::size_t usable = critical.usable();
    if (usable == 0) {
      text = (critical.tools == 1 ? "The 1 critical tool cannot" : "None of " + all + " can") +
             " be used by an agent without a person.";
      return;
    }
    text = std::to_string(usable) + " of " + all + " can be used by " + plural_of(critical.agents, "agent") + " without a person.";
  }

  /// Patterns that a single tool is open to, and those that need a look at more than one.
  void patterns() {
    const auto all = attack_patterns();
    result_.patterns.resize(all.size());
    for (std::size_t i = 0; i < all.size(); ++i) result_.patterns[i].pattern = &all[i];
    find_exposures();
    for (PatternState& state : result_.patterns) {
      const std::string_view id = state.pattern->id;
      if (id == "tool-poisoning") {
        poisoning(state);
      } else if (id == "mcp-rug-pull") {
        rug_pull(state);
      } else if (id == "tool-shadowing") {
        shadowing(state);
      } else if (id == "lethal-trifecta") {
        trifecta(state);
      } else if (id == "supply-chain" || id == "shadow-server") {
        undecidable(state);
      } else if (id == "no-audit") {
        state.state = Reach::blocked;
        state.why = "A call is forwarded only once the log holds it.";
      } else {
        by_tools(state, exposures_[pattern_index(state)]);
      }
      if (options_.fixes) draft_fixes(deployment_, result_, state, judge_);
    }
  }

  struct Exposed {
    std::size_t server;
    std::size_t tool;
    std::string why;
  };

  std::size_t pattern_index(const PatternState& state) const {
    return static_cast<std::size_t>(state.pattern - attack_patterns().data());
  }

  void find_exposures() {
    exposures_.resize(attack_patterns().size());
    for (std::size_t s = 0; s < deployment_.servers.size(); ++s) {
      for (std::size_t t = 0; t < deployment_.servers[s].tools.size(); ++t) {
        for (Exposure& exposure : exposures(record(s, t).name, record(s, t).classification)) {
          const auto index = static_cast<std::size_t>(exposure.pattern - attack_patterns().data());
          exposures_[index].push_back({s, t, std::move(exposure.why)});
        }
      }
    }
  }

  void by_tools(PatternState& state, const std::vector<Exposed>& exposed) {
    if (exposed.empty()) {
      state.why = "No tool is of the kind that it abuses.";
      return;
    }
    state.exposed = exposed.size();
    state.state = Reach::blocked;
    state.decided = false;
    std::set<std::size_t> grants;
    std::vector<std::vector<std::size_t>> by_server(deployment_.servers.size());
    for (std::size_t a = 0; a < result_.accesses.size(); ++a) by_server[result_.accesses[a].server].push_back(a);
    for (const Exposed& one : exposed) {
      std::vector<std::pair<Reach, std::size_t>> reaches;
      for (const std::size_t index : by_server[one.server]) {
        const Coverage::Access& access = result_.accesses[index];
        const ToolReach& tool = access.tools[one.tool];
        const Reach reach = reach_for(state.pattern->id, tool);
        reaches.emplace_back(reach, index);
        if (is_usable(reach)) grants.insert(access.grants.begin(), access.grants.end());
        if (reach == Reach::open && tool.decided) state.decided = true;
      }
      std::stable_sort(reaches.begin(), reaches.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
      const Reach widest = reaches.empty() ? Reach::blocked : reaches.front().first;
      if (reaches.size() > kMostAccesses) reaches.resize(kMostAccesses);
      for (const auto& [reach, index] : reaches) state.worst.push_back({index, one.tool, reach, one.why});
      ++state.tools[index_of(widest)];
      state.state = std::max(*state.state, widest);
    }
    // What is open for certain, or open nowhere, is decided.
    state.decided |= state.state != Reach::open;
    keep_worst(state);
    state.grants.assign(grants.begin(), grants.end());
    explain(state);
  }

  void keep_worst(PatternState& state) const {
    std::stable_sort(state.worst.begin(), state.worst.end(), [&](const PatternState::Tool& a, const PatternState::Tool& b) {
      if (a.reach != b.reach) return a.reach > b.reach;
      return riskier(record(result_.accesses[a.access].server, a.tool), record(result_.accesses[b.access].server, b.tool));
    });
    if (state.worst.size() > PatternState::kMostTools) state.worst.resize(PatternState::kMostTools);
  }

  void explain(PatternState& state) const {
    const std::size_t open = state.tools[index_of(Reach::open)] + state.tools[index_of(Reach::depends)];
    const std::string all = plural_of(state.exposed, "tool") + (state.exposed == 1 ? " is" : " are") + " of the kind that it abuses";
    if (open > 0) {
      state.why = all + "; " + std::to_string(open) + (open == 1 ? " is" : " are") + " open to " + plural_of(state.grants.size(), "agent") + ".";
      state.rule = state.pattern->rule;
      return;
    }
    switch (*state.state) {
      case Reach::limited:
        state.why = all + "; what agents can use of them is limited.";
        break;
      case Reach::needs_person:
        state.why = all + "; a call of what agents can see of them waits for a person.";
        break;
      default:
        state.why = all + "; no agent can call one.";
        break;
    }
    if (!state.worst.empty()) state.rule = result_.accesses[state.worst.front().access].tools[state.worst.front().tool].rule;
  }

  /// The tools whose definitions speak to the model behind the user's back.
  void poisoning(PatternState& state) {
    std::vector<Exposed> signs;
    for (std::size_t s = 0; s < deployment_.servers.size(); ++s) {
      for (std::size_t t = 0; t < deployment_.servers[s].tools.size(); ++t) {
        json::Reader reader;
        const auto root = reader.read(record(s, t).definition);
        if (!root) continue;
        const auto found = risk::signs_of_poisoning(*root);
        if (found.empty()) continue;
        signs.push_back({s, t, "Its definition shows a sign of poisoning (" + std::string(risk::to_string(found.front().kind)) + ") in " +
                                   found.front().where + ": \"" + found.front().words + "\"."});
      }
    }
    if (!signs.empty()) return by_tools(state, signs);
    const bool takes_new = std::ranges::any_of(deployment_.servers, &LiveServer::takes_new);
    state.state = takes_new ? Reach::open : Reach::needs_person;
    state.rule = takes_new ? "include_new" : "(not reviewed)";
    state.why = takes_new ? "No definition shows a sign of it, but a server offers new tools without a review (include_new)."
                          : "No definition shows a sign of it; a new or changed one waits for a person's review.";
  }

  static void rug_pull(PatternState& state) {
    state.state = Reach::needs_person;
    state.rule = "(definition changed)";
    state.why = "A tool whose definition changes is refused until a person reviews it; a server that behaves otherwise under the "
                "same definition is not seen.";
  }

  void shadowing(PatternState& state) {
    std::vector<std::vector<ToolRecord>> tools(deployment_.servers.size());
    std::vector<StackServer> servers;
    for (std::size_t s = 0; s < deployment_.servers.size(); ++s) {
      for (const LiveTool& tool : deployment_.servers[s].tools) tools[s].push_back(tool.record);
      servers.push_back({deployment_.servers[s].name, tools[s]});
    }
    std::vector<Exposed> found;
    for (const Shadow& shadow : analyse_stack(servers).shadows) {
      const ToolAt named = shadow.named.front();
      found.push_back({shadow.by.server, shadow.by.tool, "Its definition names " + record(named.server, named.tool).name + " of " +
                                                             deployment_.servers[named.server].name + "."});
    }
    if (!found.empty()) return by_tools(state, found);
    state.why = "No definition names a tool of another server.";
  }

  /// The three legs within one grant: what its agent can use of them, of all its servers together. One call of each is
  /// enough, so a limit is no obstacle.
  void trifecta(PatternState& state) {
    std::vector<std::vector<std::size_t>> of_grant(deployment_.grants.size());
    for (std::size_t a = 0; a < result_.accesses.size(); ++a) {
      for (const std::size_t grant : result_.accesses[a].grants) of_grant[grant].push_back(a);
    }
    Legs there = 0;
    state.exposed = exposures_[pattern_index(state)].size();
    std::set<std::pair<std::size_t, std::size_t>> shown;
    for (std::size_t grant = 0; grant < of_grant.size(); ++grant) {
      Legs usable = 0, askable = 0, all = 0;
      for (const std::size_t a : of_grant[grant]) {
        const Coverage::Access& access = result_.accesses[a];
        for (std::size_t t = 0; t < access.tools.size(); ++t) {
          const Legs legs = legs_of(record(access.server, t).classification);
          all |= legs;
          if (is_usable(access.tools[t].reach)) usable |= legs;
          if (access.tools[t].reach != Reach::blocked) askable |= legs;
        }
      }
      there |= all;
      if (all != kAllLegs) continue;
      const Reach reach = usable == kAllLegs ? Reach::open : askable == kAllLegs ? Reach::needs_person : Reach::blocked;
      state.state = std::max(state.state.value_or(Reach::blocked), reach);
      if (reach != Reach::open) continue;
      state.grants.push_back(grant);
      for (const std::size_t a : of_grant[grant]) add_legs(state, a, shown);
    }
    if (!state.state) {
      state.why = there == kAllLegs ? "No grant brings all three legs together." : "No grant has private data, untrusted content and a way out.";
      return;
    }
    state.tools[index_of(*state.state)] = state.worst.size();
    keep_worst(state);
    if (*state.state == Reach::open) {
      state.rule = state.pattern->rule;
      state.why = plural_of(state.grants.size(), "agent") + " can read private data and untrusted content and send data out, all without a person.";
    } else {
      state.why = *state.state == Reach::needs_person ? "Every way to complete it waits for a person at one leg." : "Every way to complete it is blocked at one leg.";
    }
  }

  void add_legs(PatternState& state, std::size_t a, std::set<std::pair<std::size_t, std::size_t>>& shown) const {
    const Coverage::Access& access = result_.accesses[a];
    for (std::size_t t = 0; t < access.tools.size(); ++t) {
      const Legs legs = legs_of(record(access.server, t).classification);
      if (legs == 0 || !is_usable(access.tools[t].reach) || !shown.insert({a, t}).second) continue;
      state.worst.push_back({a, t, access.tools[t].reach, legs_text(legs)});
    }
  }
  static std::string legs_text(Legs legs) {
    std::string text;
    for (const Leg leg : kLegs) {
      if ((legs & bit(leg)) != 0) text += (text.empty() ? "" : ", ") + std::string(label(leg));
    }
    return "It brings " + text + ".";
  }

  static void undecidable(PatternState& state) {
    state.state = Reach::open;
    state.decided = false;
    state.why = state.pattern->id == "shadow-server"
                    ? "The gateway does not see servers that clients reach around it; `doorward scan` looks for them on a computer."
                    : "No rule of a policy decides who published a server; `doorward precheck` tells what is known of it.";
  }

  const Deployment& deployment_;
  const CoverageOptions& options_;
  ReachJudge judge_;
  Coverage result_;
  std::vector<std::vector<Widest>> widest_;
  std::vector<std::vector<Exposed>> exposures_;  ///< by pattern
};

}  // namespace

std::size_t Coverage::Count::usable() const {
  std::size_t count = 0;
  for (const Reach each : kReaches) count += is_usable(each) ? reach[static_cast<std::size_t>(each)] : 0;
  return count;
}

std::vector<Coverage::Access> judge_accesses(const Deployment& deployment, ReachJudge& judge) {
  std::vector<Coverage::Access> accesses = group(deployment);
  for (Coverage::Access& access : accesses) {
    const LiveServer& server = deployment.servers[access.server];
    const Caller& caller = deployment.grants[access.grants.front()].caller;
    access.tools.reserve(server.tools.size());
    for (const LiveTool& tool : server.tools) {
      access.tools.push_back(judge.judge(access.policy.get(), server.name, tool, caller));
    }
  }
  return accesses;
}

Coverage cover(const Deployment& deployment, const CoverageOptions& options) {
  return Survey(deployment, options).run();
}

}  // namespace doorward::catalogue
