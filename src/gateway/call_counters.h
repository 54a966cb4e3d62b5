#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace doorward::gateway {

/// What one worker has done since its start, for metrics. Written by the worker's thread alone, so that a
/// count is a load and a store without a lock prefix; read by any thread.
class CallCounters {
 public:
  enum Decision : std::uint8_t { allow, deny, hide, approve, kDecisions };
  enum Outcome : std::uint8_t { ok, error, tool_error, upstream_error, cancelled, timeout, kOutcomes };
  /// Upper bounds of the buckets of durations, in microseconds; behind the last one lies infinity.
  static constexpr std::array<std::int64_t, 13> kBounds = {1'000,   2'500,     5'000,     10'000,    25'000,
                                                           50'000,  100'000,   250'000,   500'000,   1'000'000,
                                                           2'500'000, 5'000'000, 10'000'000};

  /// The same for what the gateway adds to a call: bounds of its buckets, in microseconds.
  static constexpr std::array<std::int64_t, 15> kAddedBounds = {25,    50,    75,    100,   150,   200,    300,   500,
                                                                750, 1'000, 2'000, 5'000, 10'000, 50'000, 250'000};

  struct Totals {
    std::array<std::uint64_t, kDecisions> decisions{};
    std::array<std::uint64_t, kOutcomes> outcomes{};
    std::array<std::uint64_t, kBounds.size() + 1> durations{};  ///< each bucket by itself
    std::uint64_t duration_us = 0;
    std::uint64_t rejected = 0;
    std::array<std::uint64_t, kAddedBounds.size() + 1> added{};  ///< each bucket by itself
    std::uint64_t added_us = 0;
  };

  /// By the words of the record (audit/record.h). A denial in observe mode counts as what it would have been.
  void judged(std::string_view verdict) {
    switch (verdict.empty() ? '\0' : verdict.front()) {
      case 'a':
        return add(decisions_[verdict.size() == 5 ? allow : approve]);
      case 'h':
        return add(decisions_[hide]);
      default:
        return add(decisions_[deny]);
    }
  }
  void ended(std::string_view result, std::int64_t duration_us) {
    add(outcomes_[outcome_of(result)]);
    std::size_t bucket = 0;
    while (bucket < kBounds.size() && duration_us > kBounds[bucket]) ++bucket;
    add(durations_[bucket]);
    add(duration_us_, static_cast<std::uint64_t>(duration_us < 0 ? 0 : duration_us));
  }
  /// What the gateway itself took of a call that was forwarded: until its request was sent, and from its answer's
  /// arrival to its record.
  void added(std::int64_t us) {
    std::size_t bucket = 0;
    while (bucket < kAddedBounds.size() && us > kAddedBounds[bucket]) ++bucket;
    add(added_[bucket]);
    add(added_us_, static_cast<std::uint64_t>(us < 0 ? 0 : us));
  }
  /// Before a decision: no grant, no such path, not MCP.
  void rejected() { add(rejected_); }

  void add_to(Totals& totals) const {
    for (std::size_t i = 0; i < kDecisions; ++i) totals.decisions[i] += read(decisions_[i]);
    for (std::size_t i = 0; i < kOutcomes; ++i) totals.outcomes[i] += read(outcomes_[i]);
    for (std::size_t i = 0; i < durations_.size(); ++i) totals.durations[i] += read(durations_[i]);
    totals.duration_us += read(duration_us_);
    totals.rejected += read(rejected_);
    for (std::size_t i = 0; i < added_.size(); ++i) totals.added[i] += read(added_[i]);
    totals.added_us += read(added_us_);
  }

 private:
  using Count = std::atomic<std::uint64_t>;

  static std::uint64_t read(const Count& count) { return count.load(std::memory_order_relaxed); }
  static void add(Count& count, std::uint64_t by = 1) { count.store(read(count) + by, std::memory_order_relaxed); }
  static Outcome outcome_of(std::string_view result) {
    if (result == "ok") return ok;
    if (result == "tool_error") return tool_error;
    if (result == "error") return error;
    if (result == "cancelled") return cancelled;
    return result == "timeout" ? timeout : upstream_error;
  }

  std::array<Count, kDecisions> decisions_{};
  std::array<Count, kOutcomes> outcomes_{};
  std::array<Count, kBounds.size() + 1> durations_{};
  Count duration_us_{0};
  Count rejected_{0};
  std::array<Count, kAddedBounds.size() + 1> added_{};
  Count added_us_{0};
};

}  // namespace doorward::gateway
