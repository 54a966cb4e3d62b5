#include "quota/table_state.h"

#include <algorithm>
#include <new>
#include <thread>

namespace doorward::quota {
namespace {

bool try_own(Counter& counter) {
  return counter.owner.load(std::memory_order_relaxed) == 0 &&
         counter.owner.exchange(1, std::memory_order_acquire) == 0;
}

}  // namespace

Ownership::Ownership(Counter& counter) : counter_(counter) {
  for (unsigned tries = 1; !try_own(counter); ++tries) {
    if (tries % 128 == 0) std::this_thread::yield();
  }
}

Ownership::~Ownership() {
  counter_.owner.store(0, std::memory_order_release);
}

Table::State::State(std::int64_t offset, const TableOptions& table_options)
    : options(table_options), offset_us(offset) {
  indexes_.push_back(std::make_unique<Index>(1024));
  index_.store(indexes_.back().get(), std::memory_order_release);
}

Table::State::~State() {
  for (Counter* counter : all_) {
    if (counter->is_rolling()) {
      delete static_cast<RollingCounter*>(counter);
    } else {
      delete counter;
    }
  }
}

Counter* Table::State::search(Index& index, const CounterKey& key) {
  Counter* counter = index.bucket(key).load(std::memory_order_acquire);
  for (std::size_t i = 0; counter != nullptr && i < kChain; ++i) {
    if (counter->key() == key) return counter;
    counter = counter->next.load(std::memory_order_acquire);
  }
  return nullptr;
}

Counter* Table::State::find(const CounterKey& key) const {
  if (Counter* counter = search(*index_.load(std::memory_order_acquire), key)) return counter;
  const std::lock_guard guard(mutex);
  return search(*indexes_.back(), key);
}

Counter* Table::State::find_or_make(const CounterKey& key, Window window, const TimeZone* zone, Now now) {
  if (Counter* counter = search(*index_.load(std::memory_order_acquire), key)) return counter;
  const std::lock_guard guard(mutex);
  if (Counter* counter = search(*indexes_.back(), key)) return counter;
  try {
    return make(key, window, zone, now);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

Counter* Table::State::make(const CounterKey& key, Window window, const TimeZone* zone, Now now) {
  if (live.load(std::memory_order_relaxed) >= options.counters &&
      sweep_locked(now, kLookedAtForRoom, 1) == 0) {
    return nullptr;
  }
  if (live.load(std::memory_order_relaxed) > indexes_.back()->mask) grow();
  const bool rolling = window.kind == Window::Kind::rolling;
  auto& free = rolling ? free_rolling_ : free_calendar_;
  if (free.empty()) {
    // Room in every list first: nothing may fail once the counter exists.
    all_.reserve(all_.size() + 1 > all_.capacity() ? 2 * all_.size() + 64 : all_.capacity());
    free.reserve(all_.capacity());
    Counter* made = rolling ? new RollingCounter : new Counter;
    made->kind = window.kind;
    all_.push_back(made);
    free.push_back(made);
  }
  Counter* counter = free.back();
  free.pop_back();
  {
    const Ownership owned(*counter);
    counter->begin(window, zone, now);
    counter->set_key(key);
  }
  link(*indexes_.back(), *counter);
  live.fetch_add(1, std::memory_order_relaxed);
  return counter;
}

void Table::State::link(Index& index, Counter& counter) {
  auto& bucket = index.bucket(counter.key());
  counter.next.store(bucket.load(std::memory_order_relaxed), std::memory_order_release);
  bucket.store(&counter, std::memory_order_release);
}

void Table::State::unlink(Counter& counter) {
  std::atomic<Counter*>* at = &indexes_.back()->bucket(counter.key());
  while (at->load(std::memory_order_relaxed) != &counter) at = &at->load(std::memory_order_relaxed)->next;
  at->store(counter.next.load(std::memory_order_relaxed), std::memory_order_release);
}

void Table::State::grow() {
  indexes_.push_back(std::make_unique<Index>((indexes_.back()->mask + 1) * 4));
  Index& index = *indexes_.back();
  for (Counter* counter : all_) {
    if (counter->key() != kNoKey) link(index, *counter);
  }
  index_.store(&index, std::memory_order_release);
}

bool Table::State::drop_if_empty(Counter& counter, Now now) {
  if (counter.key() == kNoKey || !try_own(counter)) return false;
  counter.advance(now);
  const bool empty = counter.total == 0;
  if (empty) {
    unlink(counter);
    counter.set_key(kNoKey);
  }
  counter.owner.store(0, std::memory_order_release);
  if (!empty) return false;
  (counter.is_rolling() ? free_rolling_ : free_calendar_).push_back(&counter);
  live.fetch_sub(1, std::memory_order_relaxed);
  return true;
}

std::size_t Table::State::sweep_locked(Now now, std::size_t budget, std::size_t enough) {
  std::size_t dropped = 0;
  for (std::size_t seen = 0; seen < std::min(budget, all_.size()) && dropped < enough; ++seen) {
    if (hand_ >= all_.size()) hand_ = 0;
    if (drop_if_empty(*all_[hand_++], now)) ++dropped;
  }
  return dropped;
}

std::size_t Table::State::sweep(Now now, std::size_t budget) {
  const std::lock_guard guard(mutex);
  return sweep_locked(now, budget, budget);
}

std::vector<Counter*> Table::State::all() const {
  const std::lock_guard guard(mutex);
  return all_;
}

}  // namespace doorward::quota
