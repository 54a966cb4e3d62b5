#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "quota/counter.h"
#include "quota/table.h"

namespace doorward::quota {

/// Owns a counter while it lives.
class Ownership {
 public:
  explicit Ownership(Counter& counter);
  ~Ownership();
  Ownership(const Ownership&) = delete;
  Ownership& operator=(const Ownership&) = delete;

 private:
  Counter& counter_;
};

/// The counters and their index by key.
///
/// Lookups take no lock: they follow a chain of atomic pointers. A counter that was dropped meanwhile may
/// lead a lookup into another chain, so a lookup looks at no more than kChain counters and one that finds
/// nothing is repeated under the mutex, which alone changes chains. What a lookup finds may be dropped before
/// it is owned: whoever owns a counter compares its key again. Order of locks: the mutex, then counters in
/// the order of their addresses. Under the mutex counters are only tried.
struct Table::State {
  struct Index {
    explicit Index(std::size_t size)
        : mask(size - 1), buckets(std::make_unique<std::atomic<Counter*>[]>(size)) {}
    std::atomic<Counter*>& bucket(const CounterKey& key) { return buckets[key.low & mask]; }

    std::size_t mask;
    std::unique_ptr<std::atomic<Counter*>[]> buckets;
  };
  static constexpr std::size_t kChain = 64;
  static constexpr std::size_t kLookedAtForRoom = 64;

  State(std::int64_t offset, const TableOptions& table_options);
  ~State();

  Counter* find(const CounterKey& key) const;
  Counter* find_or_make(const CounterKey& key, Window window, const TimeZone* zone, Now now);
  std::size_t sweep(Now now, std::size_t budget);

  /// Every counter ever made, dropped ones included.
  std::vector<Counter*> all() const;

  const TableOptions options;
  std::atomic<std::int64_t> offset_us;  ///< steady time minus the monotonic clock
  std::atomic<std::size_t> live{0};
  mutable std::mutex mutex;

 private:
  static Counter* search(Index& index, const CounterKey& key);
  Counter* make(const CounterKey& key, Window window, const TimeZone* zone, Now now);
  bool drop_if_empty(Counter& counter, Now now);
  std::size_t sweep_locked(Now now, std::size_t budget, std::size_t enough);
  void grow();
  void link(Index& index, Counter& counter);
  void unlink(Counter& counter);

  std::atomic<Index*> index_;
  std::vector<std::unique_ptr<Index>> indexes_;  ///< the last is in use; older ones may still be read
  std::vector<Counter*> all_;
  std::vector<Counter*> free_calendar_;
  std::vector<Counter*> free_rolling_;
  std::size_t hand_ = 0;
};

}  // namespace doorward::quota
