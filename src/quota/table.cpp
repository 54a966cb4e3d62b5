#include "quota/table.h"

#include <algorithm>
#include <thread>

#include "quota/counter.h"
#include "quota/table_state.h"

namespace doorward::quota {
namespace {

constexpr unsigned kSpins = 128;

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

bool try_own(Counter& counter) {
  for (unsigned i = 0; i < kSpins; ++i) {
    if (counter.owner.load(std::memory_order_relaxed) == 0 &&
        counter.owner.exchange(1, std::memory_order_acquire) == 0) {
      return true;
    }
    pause();
  }
  return false;
}

bool is_amount(std::int64_t amount) {
  return amount >= 0 && amount <= kLargest;
}

}  // namespace

/// The counters of one call, in the order of their addresses: a run of entries with the same counter is one
/// count.
class Table::Claim {
 public:
  using Entry = Reservation::Entry;

  explicit Claim(std::vector<Entry>& entries) : entries_(entries) {}

  void add(Counter* counter, const Demand& demand, std::uint32_t index) {
    const Entry entry{counter, demand.key, 0, 0, index};
    entries_.insert(std::ranges::upper_bound(entries_, counter, std::less<>(), &Entry::counter), entry);
  }

  /// Owns every counter, or none: false where one of them is no longer the counter of its key. Never waits
  /// for long with something in hand, since the owner it waits for may have lost the processor.
  bool own() {
    std::size_t held = 0;
    while (held < entries_.size()) {
      const std::size_t begin = held;
      Counter& counter = *entries_[begin].counter;
      if (!try_own(counter)) {
        disown(held);
        std::this_thread::yield();
        held = 0;
        continue;
      }
      held = run_end(begin);
      // Every entry of the run: a counter that was reused between two lookups may have been found under both
      // keys.
      for (std::size_t i = begin; i < held; ++i) {
        if (counter.key() == entries_[i].key) continue;
        disown(held);
        return false;
      }
    }
    return true;
  }

  void disown() { disown(entries_.size()); }

  /// What the demands meet, beside what `outcome` already says of others; to be called while owned.
  Outcome judge(std::span<Demand> demands, Now now, Outcome outcome) const {
    bool never = outcome.retry_after_s == Outcome::kNever;
    for (std::size_t begin = 0; begin < entries_.size();) {
      const std::size_t end = run_end(begin);
      Counter& counter = *entries_[begin].counter;
      counter.advance(now);
      const std::int64_t amount = largest_amount(demands, begin, end);
      for (std::size_t i = begin; i < end; ++i) {
        Demand& demand = demands[entries_[i].demand];
        demand.count_before = counter.total;
        const bool valid = is_amount(demand.amount) && is_amount(amount);
        if (valid && counter.total + amount <= demand.max) continue;
        refuse(outcome, entries_[i].demand, valid ? counter.wait_s(demand.max, amount, now) : Outcome::kNever,
               never);
      }
      begin = end;
    }
    return outcome;
  }

  /// Adds, and leaves one entry a counter, which is what release() gives back. To be called while owned.
  void count(std::span<const Demand> demands) {
    std::size_t kept = 0;
    for (std::size_t begin = 0; begin < entries_.size();) {
      const std::size_t end = run_end(begin);
      Entry entry = entries_[begin];
      entry.amount = entry.counter->add(std::min(largest_amount(demands, begin, end), kLargest));
      entry.slot = entry.counter->slot();
      entries_[kept++] = entry;
      begin = end;
    }
    entries_.resize(kept);
  }

  static void refuse(Outcome& outcome, std::uint32_t demand, std::int64_t wait_s, bool& never) {
    if (outcome.kind == Outcome::Kind::granted || demand < outcome.demand) outcome.demand = demand;
    outcome.kind = Outcome::Kind::no_room;
    never = never || wait_s == Outcome::kNever;
    outcome.retry_after_s = never ? Outcome::kNever : std::max(outcome.retry_after_s, wait_s);
  }

 private:
  std::size_t run_end(std::size_t begin) const {
    std::size_t end = begin + 1;
    while (end < entries_.size() && entries_[end].counter == entries_[begin].counter) ++end;
    return end;
  }

  std::int64_t largest_amount(std::span<const Demand> demands, std::size_t begin, std::size_t end) const {
    std::int64_t amount = 0;
    for (std::size_t i = begin; i < end; ++i) amount = std::max(amount, demands[entries_[i].demand].amount);
    return amount;
  }

  void disown(std::size_t held) {
    for (std::size_t begin = 0; begin < held; begin = run_end(begin)) {
      entries_[begin].counter->owner.store(0, std::memory_order_release);
    }
  }

  std::vector<Entry>& entries_;
};

Table::Table(std::int64_t wall_us, std::int64_t monotonic_us, const TableOptions& options)
    : state_(std::make_unique<State>(wall_us - monotonic_us, options)) {}

Table::~Table() = default;

Now Table::at(std::int64_t wall_us, std::int64_t monotonic_us) {
  std::int64_t offset = state_->offset_us.load(std::memory_order_relaxed);
  const std::int64_t ahead = wall_us - (monotonic_us + offset);
  // What slewing leaves between the clocks is taken over; more than that is a step, which rolling windows
  // ignore.
  if (ahead > 1'000 && ahead <= 250'000 &&
      state_->offset_us.compare_exchange_strong(offset, offset + ahead, std::memory_order_relaxed)) {
    offset += ahead;
  }
  return {wall_us, monotonic_us + offset};
}

Outcome Table::run(Mode mode, std::span<Demand> demands, Now now, std::vector<Reservation::Entry>& entries) {
  for (Demand& demand : demands) demand.count_before = 0;
  for (;;) {
    entries.clear();
    Claim claim(entries);
    Outcome missing;  // demands without a counter
    bool never = false;
    for (std::uint32_t i = 0; i < demands.size(); ++i) {
      const Demand& demand = demands[i];
      Counter* counter = mode == Mode::peek
                             ? state_->find(demand.key)
                             : state_->find_or_make(demand.key, demand.window, demand.zone, now);
      if (counter != nullptr) {
        claim.add(counter, demand, i);
      } else if (mode == Mode::peek) {
        if (!is_amount(demand.amount) || demand.amount > demand.max) {
          Claim::refuse(missing, i, Outcome::kNever, never);
        }
      } else if (mode == Mode::reserve) {
        entries.clear();
        return {Outcome::Kind::full, i, 0};
      } else if (missing.granted()) {
        missing = {Outcome::Kind::full, i, 0};
      }
    }
    if (!claim.own()) continue;
    const Outcome outcome = claim.judge(demands, now, missing);
    const bool counted = mode == Mode::observe || (mode == Mode::reserve && outcome.granted());
    if (counted) claim.count(demands);
    claim.disown();
    if (!counted) entries.clear();
    return outcome;
  }
}

Outcome Table::reserve(std::span<Demand> demands, Now now, Reservation& reservation) {
  return run(Mode::reserve, demands, now, reservation.entries_);
}

Outcome Table::add_unchecked(std::span<Demand> demands, Now now, Reservation& reservation) {
  return run(Mode::observe, demands, now, reservation.entries_);
}

Outcome Table::peek(std::span<Demand> demands, Now now) {
  std::vector<Reservation::Entry> entries;
  return run(Mode::peek, demands, now, entries);
}

void Table::release(Reservation& reservation) {
  for (const Reservation::Entry& entry : reservation.entries_) {
    const Ownership owned(*entry.counter);
    if (entry.counter->key() == entry.key) entry.counter->take_back(entry.slot, entry.amount);
  }
  reservation.clear();
}

std::int64_t Table::count(const CounterKey& key, Now now) const {
  Counter* counter = state_->find(key);
  if (counter == nullptr) return 0;
  const Ownership owned(*counter);
  if (counter->key() != key) return 0;
  counter->advance(now);
  return counter->total;
}

bool Table::add_recorded(const CounterKey& key, Window window, const TimeZone* zone, std::int64_t time_us,
                         std::int64_t amount) {
  const Now then{time_us, time_us};
  for (;;) {
    Counter* counter = amount < 0 ? state_->find(key) : state_->find_or_make(key, window, zone, then);
    if (counter == nullptr) return amount < 0;
    const Ownership owned(*counter);
    if (counter->key() != key) continue;
    counter->replay(then, std::clamp(amount, -kLargest, kLargest));
    return true;
  }
}

void Table::settle(Now now) {
  for (Counter* counter : state_->all()) {
    const Ownership owned(*counter);
    if (counter->key() != kNoKey) counter->settle(now);
  }
}

std::size_t Table::sweep(Now now, std::size_t budget) {
  return state_->sweep(now, budget);
}

std::size_t Table::size() const {
  return state_->live.load(std::memory_order_relaxed);
}

}  // namespace doorward::quota
