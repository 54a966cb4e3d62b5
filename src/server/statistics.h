#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/record_index.h"
#include "base/result.h"
#include "json/writer.h"

namespace doorward::server {

/// How many decisions of calls fell into each of the words that people are shown.
struct WordCounts {
  std::array<std::uint64_t, audit::kDecisionWords> words{};
  std::int64_t last_us = 0;  ///< of the newest decision

  std::uint64_t of(audit::DecisionWord word) const { return words[static_cast<std::size_t>(word)]; }
  /// Decisions of every kind; the errors of forwarded calls are no decisions.
  std::uint64_t calls() const;
  /// What agents were refused, for whatever reason.
  std::uint64_t refused() const;
  void add(const WordCounts& other);
  void add(const audit::IndexRow& row);
  /// Members `allowed`, `denied`, ..., `calls`, `refused`, `refused_percent` with one decimal.
  void write(json::Writer& writer) const;
};

/// What calls are grouped by.
enum class GroupBy : std::uint8_t { none, tool, server, agent, rule, policy };
std::optional<GroupBy> parse_group_by(std::string_view text);

struct StatisticsRequest {
  audit::Query query;  ///< since_us and until_us are set
  std::int64_t step_us = 3'600'000'000;
  GroupBy by = GroupBy::none;
  std::size_t limit = 100;  ///< of groups

  static constexpr std::int64_t kMostSteps = 1000;
};

struct Statistics {
  /// One group of calls. Texts that do not belong to what is grouped by are empty.
  struct Group {
    std::string server;
    std::string tool;
    std::string agent;     ///< label, or the grant's id where no record names one
    std::string grant;     ///< id
    std::string policy;
    std::string rule;
    WordCounts counts;
    std::string main_rule;            ///< of what was refused most
    std::uint64_t main_rule_count = 0;
  };
  std::int64_t from_us = 0;  ///< of the first step
  std::vector<WordCounts> steps;
  WordCounts total;
  std::uint64_t ended = 0;  ///< forwarded calls with an outcome
  std::int64_t p50_us = 0;  ///< of their time from intent to the answer's end, within 4 %
  std::int64_t p95_us = 0;
  std::vector<Group> refused_tools;   ///< most refused first, at most 10
  std::vector<Group> refused_agents;  ///< the same
  std::vector<Group> groups;          ///< most calls first
};

/// Counts the calls of a period from the index. Any thread.
Statistics count_calls(const audit::RecordIndex& index, const StatisticsRequest& request);

/// A percentile of a histogram: the bound of the bucket that holds it; nothing where it is empty. The last bucket has
/// none, so that the greatest bound stands for it.
std::optional<std::int64_t> percentile(std::span<const std::uint64_t> buckets, std::span<const std::int64_t> bounds,
                                       double part);

}  // namespace doorward::server
