#include "server/statistics.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <map>
#include <span>
#include <unordered_map>
#include <utility>

namespace doorward::server {
namespace {

using audit::DecisionWord;
using audit::IndexBlock;
using audit::IndexRow;
using audit::RowVerdict;

constexpr std::array<std::string_view, 6> kGroupNames = {"none", "tool", "server", "agent", "rule", "policy"};
constexpr std::size_t kMostRefused = 10;
constexpr char kSeparator = '\x1f';

/// Times in buckets of four percent: sixteen to each power of two.
class Times {
 public:
  void add(std::uint32_t us) { ++buckets_[bucket(us)]; ++count_; }
  std::uint64_t count() const { return count_; }
  std::int64_t at(double part) const {
    if (count_ == 0) return 0;
    const auto wanted = static_cast<std::uint64_t>(part * static_cast<double>(count_ - 1));
    std::uint64_t before = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      before += buckets_[i];
      if (before > wanted) return middle(i);
    }
    return 0;
  }

 private:
  static constexpr unsigned kBits = 4;
  static std::size_t bucket(std::uint32_t us) {
    const auto width = static_cast<unsigned>(std::bit_width(us));
    if (width <= kBits + 1) return us;
    const unsigned shift = width - kBits - 1;
    return ((shift << kBits) + (us >> shift));
  }
  static std::int64_t middle(std::size_t bucket) {
    if (bucket < (2U << kBits)) return static_cast<std::int64_t>(bucket);
    const auto shift = static_cast<unsigned>((bucket >> kBits) - 1);
    const std::uint64_t begin = (bucket - (static_cast<std::size_t>(shift) << kBits)) << shift;
    return static_cast<std::int64_t>(begin + (1ULL << shift) / 2);
  }

  std::array<std::uint64_t, 640> buckets_{};
  std::uint64_t count_ = 0;
};

struct Tally {
  WordCounts counts;
  std::map<std::string, std::uint64_t, std::less<>> rules;  ///< of what was refused
};

/// Counts under keys made of a block's numbers, and puts them together by texts where a block ends.
class Groups {
 public:
  explicit Groups(GroupBy by) : by_(by) {}

  void add(const IndexBlock& block, const IndexRow& row) {
    if (by_ == GroupBy::none || !counts(row)) return;
    if (&block != block_) fold(&block);
    Local& local = locals_[key(row)];
    local.counts.add(row);
    if (row.rule != 0 && is_refusal(row)) ++local.rules[row.rule];
  }

  std::map<std::string, Tally>& finish() {
    fold(nullptr);
    return totals_;
  }

 private:
  struct Local {
    WordCounts counts;
    std::unordered_map<std::uint32_t, std::uint64_t> rules;
  };

  static bool is_refusal(const IndexRow& row) {
    return row.word != DecisionWord::allowed && row.word != DecisionWord::error && row.word != DecisionWord::none;
  }
  bool counts(const IndexRow& row) const {
    switch (by_) {
      case GroupBy::tool:
        return row.tool != 0;
      case GroupBy::server:
        return row.server != 0;
      case GroupBy::agent:
        return row.agent != 0;
      case GroupBy::rule:
        return row.rule != 0 && row.verdict != RowVerdict::none;
      case GroupBy::policy:
        return row.policy != 0;
      case GroupBy::none:
        break;
    }
    return false;
  }
  std::uint64_t key(const IndexRow& row) const {
    switch (by_) {
      case GroupBy::tool:
        return std::uint64_t{row.server} << 32 | row.tool;
      case GroupBy::server:
        return row.server;
      case GroupBy::agent:
        return row.agent;
      case GroupBy::rule:
        return std::uint64_t{row.policy} << 32 | row.rule;
      default:
        return std::uint64_t{row.server} << 32 | row.policy;
    }
  }
  /// Two texts; of an agent its id alone, since records of one grant name its label or do not; of a policy its name,
  /// whatever its document was.
  std::string text(std::uint64_t key) const {
    const auto part = [this](std::uint64_t number, bool first) {
      const std::string_view text = block_->text(static_cast<std::uint32_t>(number));
      return std::string(first ? text.substr(0, text.find(kSeparator)) : text);
    };
    const std::string second = part(key, by_ == GroupBy::agent || by_ == GroupBy::policy);
    if (by_ == GroupBy::agent || by_ == GroupBy::server) return second;
    return part(key >> 32, by_ == GroupBy::rule) + kSeparator + second;
  }
  void fold(const IndexBlock* next) {
    for (const auto& [number, local] : locals_) {
      Tally& total = totals_[text(number)];
      total.counts.add(local.counts);
      for (const auto& [rule, count] : local.rules) total.rules[std::string(block_->text(rule))] += count;
    }
    locals_.clear();
    block_ = next;
  }

  const GroupBy by_;
  const IndexBlock* block_ = nullptr;
  std::unordered_map<std::uint64_t, Local> locals_;
  std::map<std::string, Tally> totals_;
};

/// The labels under which records name grants: the last one seen of each id.
class Labels {
 public:
  void add(const IndexBlock& block, const IndexRow& row) {
    if (row.agent == 0 || (&block == block_ && row.agent == seen_)) return;
    block_ = &block;
    seen_ = row.agent;
    const std::string_view agent = block.text(row.agent);
    const std::size_t at = agent.find(kSeparator);
    if (at + 1 < agent.size()) labels_.insert_or_assign(std::string(agent.substr(0, at)), std::string(agent.substr(at + 1)));
  }
  std::string of(const std::string& id) const {
    const auto found = labels_.find(id);
    return found == labels_.end() ? id : found->second;
  }

 private:
  const IndexBlock* block_ = nullptr;
  std::uint32_t seen_ = 0;
  std::map<std::string, std::string> labels_;
};

std::vector<Statistics::Group> sorted(Groups& groups, GroupBy by, const Labels& labels, bool by_refusals, std::size_t limit) {
  std::vector<Statistics::Group> out;
  for (auto& [text, tally] : groups.finish()) {
    Statistics::Group group;
    const std::size_t at = text.find(kSeparator);
    const std::string first = text.substr(0, at);
    const std::string second = at == std::string::npos ? std::string() : text.substr(at + 1);
    group.counts = tally.counts;
    for (const auto& [rule, count] : tally.rules) {
      if (count <= group.main_rule_count) continue;
      group.main_rule = rule;
      group.main_rule_count = count;
    }
    switch (by) {
      case GroupBy::agent:
        group.grant = first;
        group.agent = labels.of(first);
        break;
      case GroupBy::rule:
        group.policy = first;
        group.rule = second;
        break;
      default:
        group.server = first;
        (by == GroupBy::tool ? group.tool : group.policy) = second;
    }
    if (!by_refusals || group.counts.refused() > 0) out.push_back(std::move(group));
  }
  std::ranges::sort(out, [by_refusals](const Statistics::Group& a, const Statistics::Group& b) {
    const auto weight = [by_refusals](const Statistics::Group& group) {
      return by_refusals ? group.counts.refused() : group.counts.calls();
    };
    if (weight(a) != weight(b)) return weight(a) > weight(b);
    return std::tie(a.server, a.tool, a.agent, a.policy, a.rule) < std::tie(b.server, b.tool, b.agent, b.policy, b.rule);
  });
  if (out.size() > limit) out.resize(limit);
  return out;
}

}  // namespace

std::uint64_t WordCounts::calls() const {
  return of(DecisionWord::allowed) + of(DecisionWord::would_deny) + refused();
}

std::uint64_t WordCounts::refused() const {
  return of(DecisionWord::denied) + of(DecisionWord::hidden) + of(DecisionWord::rate_limited) +
         of(DecisionWord::needs_approval);
}

void WordCounts::add(const WordCounts& other) {
  for (std::size_t i = 0; i < words.size(); ++i) words[i] += other.words[i];
  last_us = std::max(last_us, other.last_us);
}

void WordCounts::add(const IndexRow& row) {
  ++words[static_cast<std::size_t>(row.word)];
  if (row.verdict != RowVerdict::none) last_us = std::max(last_us, row.time_us);
}

void WordCounts::write(json::Writer& writer) const {
  for (std::size_t i = 1; i < words.size(); ++i) writer.key(audit::to_string(static_cast<DecisionWord>(i))).number(words[i]);
  char percent[32];
  const double part = calls() == 0 ? 0 : 100.0 * static_cast<double>(refused()) / static_cast<double>(calls());
  std::snprintf(percent, sizeof percent, "%.1f", part);
  writer.key("calls").number(calls()).key("refused").number(refused()).key("refused_percent").raw(percent);
}

std::optional<GroupBy> parse_group_by(std::string_view text) {
  const auto found = std::ranges::find(kGroupNames, text);
  if (found == kGroupNames.end()) return std::nullopt;
  return static_cast<GroupBy>(found - kGroupNames.begin());
}

Statistics count_calls(const audit::RecordIndex& index, const StatisticsRequest& request) {
  Statistics out;
  const std::int64_t since = request.query.since_us.value_or(0);
  out.from_us = since - since % request.step_us;
  const std::int64_t until = request.query.until_us.value_or(since);
  out.steps.resize(static_cast<std::size_t>((until - out.from_us + request.step_us - 1) / request.step_us));
  Times times;
  Labels labels;
  Groups tools(GroupBy::tool);
  Groups agents(GroupBy::agent);
  Groups groups(request.by);
  index.scan(request.query, [&](const IndexBlock& block, const IndexRow& row) {
    if (!row.call) return;
    if (row.result != audit::RowResult::none && row.result != audit::RowResult::cancelled) times.add(row.duration_us);
    if (row.word == DecisionWord::none) return;
    out.steps[static_cast<std::size_t>((row.time_us - out.from_us) / request.step_us)].add(row);
    out.total.add(row);
    labels.add(block, row);
    tools.add(block, row);
    agents.add(block, row);
    groups.add(block, row);
  });
  out.ended = times.count();
  out.p50_us = times.at(0.5);
  out.p95_us = times.at(0.95);
  out.refused_tools = sorted(tools, GroupBy::tool, labels, true, kMostRefused);
  out.refused_agents = sorted(agents, GroupBy::agent, labels, true, kMostRefused);
  out.groups = sorted(groups, request.by, labels, false, request.limit);
  return out;
}

std::optional<std::int64_t> percentile(std::span<const std::uint64_t> buckets, std::span<const std::int64_t> bounds,
                                       double part) {
  std::uint64_t count = 0;
  for (const std::uint64_t bucket : buckets) count += bucket;
  if (count == 0) return std::nullopt;
  const auto wanted = static_cast<std::uint64_t>(part * static_cast<double>(count - 1));
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    before += buckets[i];
    if (before > wanted) return bounds[i];
  }
  return bounds.back();
}

}  // namespace doorward::server
