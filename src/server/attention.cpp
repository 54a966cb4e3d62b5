#include "server/attention.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/text.h"

namespace doorward::server {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kDay = 24 * 3600 * kSecond;
constexpr std::int64_t kUnusedAfter = 30 * kDay;
constexpr std::int64_t kLoopWithin = 600 * kSecond;
constexpr std::uint64_t kLoopCalls = 3;
constexpr std::int64_t kDownWithin = 3600 * kSecond;
constexpr std::uint64_t kDownCalls = 3;
constexpr std::size_t kNamed = 3;

std::string span(std::int64_t us) {
  const std::int64_t seconds = std::max<std::int64_t>(us / kSecond, 0);
  if (seconds < 120) return plural_of(static_cast<std::uint64_t>(seconds), "second");
  if (seconds < 7200) return plural_of(static_cast<std::uint64_t>(seconds / 60), "minute");
  if (seconds < 48 * 3600) return plural_of(static_cast<std::uint64_t>(seconds / 3600), "hour");
  return plural_of(static_cast<std::uint64_t>(seconds / 86400), "day");
}

/// `a, b, c and 4 more`.
std::string names(const std::vector<std::string>& all) {
  std::string out;
  for (std::size_t i = 0; i < std::min(all.size(), kNamed); ++i) {
    out += (i == 0 ? "" : i + 1 == all.size() ? " and " : ", ") + all[i];
  }
  return all.size() > kNamed ? out + " and " + std::to_string(all.size() - kNamed) + " more" : out;
}

/// What the log of the last 30 days tells.
struct Found {
  struct Loop {
    std::uint64_t calls = 0;
    std::int64_t first_us = 0;
    std::string label;
  };
  struct Down {
    std::uint64_t failures = 0;
    std::int64_t first_us = 0;
  };
  std::set<std::string> used;  ///< ids of grants that made a call
  std::map<std::tuple<std::string, std::string, std::string, std::uint32_t>, Loop> loops;  ///< agent, server, tool, arguments
  std::map<std::string, Down> down;
};

Found look(const audit::RecordIndex& index, std::int64_t now_us) {
  using audit::DecisionWord;
  using audit::RowResult;
  Found found;
  audit::Query query;
  query.since_us = now_us - kUnusedAfter;
  const audit::IndexBlock* block_seen = nullptr;
  std::vector<bool> agents_seen;
  index.scan(query, [&](const audit::IndexBlock& block, const audit::IndexRow& row) {
    const auto agent = [&] { return block.text(row.agent); };
    if (row.verdict != audit::RowVerdict::none && row.agent != 0) {
      if (&block != block_seen) agents_seen.assign(block.texts(), false);
      block_seen = &block;
      if (!agents_seen[row.agent]) {
        agents_seen[row.agent] = true;
        found.used.emplace(agent().substr(0, agent().find('\x1f')));
      }
      const bool refused = row.word == DecisionWord::denied || row.word == DecisionWord::hidden ||
                           row.word == DecisionWord::rate_limited || row.word == DecisionWord::needs_approval;
      if (refused && row.tool != 0 && row.time_us >= now_us - kLoopWithin) {
        const std::size_t at = agent().find('\x1f');
        Found::Loop& loop = found.loops[{std::string(agent().substr(0, at)), std::string(block.text(row.server)),
                                         std::string(block.text(row.tool)), row.digest}];
        if (loop.calls++ == 0) loop.first_us = row.time_us;
        loop.label = at + 1 < agent().size() ? agent().substr(at + 1) : agent().substr(0, at);
      }
    }
    if (row.result != RowResult::none && row.result != RowResult::cancelled && row.time_us >= now_us - kDownWithin) {
      Found::Down& down = found.down[std::string(block.text(row.server))];
      const bool failed = row.result == RowResult::upstream_error || row.result == RowResult::timeout;
      if (!failed) {
        down = {};
      } else if (down.failures++ == 0) {
        down.first_us = row.time_us;
      }
    }
  });
  return found;
}

}  // namespace

Unguarded find_unguarded(const catalogue::Deployment& deployment) {
  const catalogue::Coverage coverage = catalogue::cover(deployment, {.fixes = false});
  Unguarded out;
  std::set<std::pair<std::size_t, std::size_t>> tools;
  std::set<std::size_t> agents;
  for (const catalogue::Coverage::Access& access : coverage.accesses) {
    const catalogue::LiveServer& server = deployment.servers[access.server];
    for (std::size_t i = 0; i < access.tools.size(); ++i) {
      const catalogue::ToolReach& reach = access.tools[i];
      if (server.tools[i].category != Category::destructive || !catalogue::is_usable(reach.reach)) continue;
      if (tools.empty()) {
        out.server = server.name;
        out.tool = server.tools[i].record.name;
      }
      tools.emplace(access.server, i);
      agents.insert(access.grants.begin(), access.grants.end());
    }
  }
  out.tools = tools.size();
  out.agents = agents.size();
  return out;
}

std::vector<AttentionItem> attention(const AttentionFacts& facts, const Unguarded& unguarded,
                                     const audit::RecordIndex& index, std::size_t most) {
  std::vector<AttentionItem> items;
  if (facts.waiting > 0) {
    std::string sentence = facts.waiting == 1 ? "1 call waits" : std::to_string(facts.waiting) + " calls wait";
    sentence += " for a person";
    if (facts.oldest_us) sentence += facts.waiting == 1 ? ", for " + span(facts.now_us - *facts.oldest_us)
                                                        : "; the oldest for " + span(facts.now_us - *facts.oldest_us);
    items.push_back({"approvals_waiting", sentence + ".", facts.waiting, facts.oldest_us, "approvals"});
  }
  if (!facts.log_accepting) {
    items.push_back({"log_not_accepting", "The log cannot store records, so no call is forwarded: " + facts.log_failure + ".", 1,
                     std::nullopt, "settings"});
  }
  if (const audit::ChainState chain = index.chain(); chain.first_break) {
    items.push_back({"log_broken",
                     "The log is not as it was written: record " + std::to_string(chain.first_break->seq) + " of " +
                         chain.first_break->writer + " does not follow from the one before.",
                     1, std::nullopt, "log"});
  }
  std::map<std::string, std::vector<std::string>> changed;
  for (const AttentionFacts::Tool& tool : facts.changed) changed[tool.server].push_back(tool.tool);
  for (const auto& [server, tools] : changed) {
    items.push_back({"tool_changed",
                     (tools.size() == 1 ? "The tool " + names(tools) + " of " + server + " is not as it was reviewed, so it is"
                                        : plural_of(tools.size(), "tool") + " of " + server + " (" + names(tools) +
                                              ") are not as they were reviewed, so they are") +
                         " refused until a person looks.",
                     tools.size(), std::nullopt, "servers", {{"server", server}}});
  }
  if (unguarded.tools > 0) {
    const std::string others = unguarded.tools == 1 ? "" : " and " + std::to_string(unguarded.tools - 1) + " more";
    items.push_back({"destructive_unguarded",
                     "The destructive tool" + std::string(unguarded.tools == 1 ? " " : "s ") + unguarded.tool + " of " +
                         unguarded.server + others + " can be used by " + plural_of(unguarded.agents, "agent") +
                         " without a person.",
                     unguarded.tools, std::nullopt, "coverage", {}});
  }
  const Found found = look(index, facts.now_us);
  std::vector<AttentionItem> loops;
  for (const auto& [call, loop] : found.loops) {
    if (loop.calls < kLoopCalls) continue;
    const std::string& server = std::get<1>(call);
    const std::string& tool = std::get<2>(call);
    loops.push_back({"retry_loop",
                     loop.label + " made the same refused call of " + server + "." + tool + " " + plural_of(loop.calls, "time") +
                         " in 10 minutes.",
                     loop.calls, loop.first_us, "log",
                     {{"agent", loop.label}, {"server", server}, {"tool", tool}, {"since", "10m"}, {"of", "calls"}}});
  }
  std::ranges::sort(loops, std::ranges::greater(), &AttentionItem::count);
  std::ranges::move(loops, std::back_inserter(items));
  for (const auto& [server, down] : found.down) {
    if (down.failures < kDownCalls) continue;
    items.push_back({"upstream_down", "The last " + plural_of(down.failures, "call") + " to " + server + " failed: it does not answer.",
                     down.failures, down.first_us, "servers", {{"server", server}}});
  }
  std::vector<std::string> unused;
  for (const AttentionFacts::Grant& grant : facts.grants) {
    if (grant.created_us < facts.now_us - kUnusedAfter && !found.used.contains(grant.id)) unused.push_back(grant.label);
  }
  if (!unused.empty() && index.whole()) {
    items.push_back({"grant_unused",
                     (unused.size() == 1 ? "The grant " : "The grants ") + names(unused) + " made no call for 30 days.",
                     unused.size(), facts.now_us - kUnusedAfter, "agents", {{"unused", "30d"}}});
  }
  if (items.size() > most) items.resize(most);
  return items;
}

}  // namespace doorward::server
