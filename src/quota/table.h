#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "quota/counter_key.h"

namespace doorward::quota {

/// Counts are 64-bit millionths: one call is 1'000'000.
inline constexpr std::int64_t kOne = 1'000'000;
/// The largest amount and the largest `max` (10^12, policy.md section 5).
inline constexpr std::int64_t kLargest = 1'000'000'000'000 * kOne;

/// The moment of a call, on both clocks that windows need: see Table::at.
struct Now {
  std::int64_t wall_us = 0;    ///< for calendar periods
  std::int64_t steady_us = 0;  ///< for rolling windows
};

/// What one limit asks of its counter for one call.
struct Demand {
  CounterKey key;
  Window window;
  const TimeZone* zone = nullptr;  ///< of a calendar window; null is UTC
  std::int64_t max = 0;            ///< millionths; the call passes while count + amount <= max
  std::int64_t amount = kOne;      ///< millionths, 0 to kLargest; anything else finds no room
  std::int64_t count_before = 0;   ///< out: the count that this demand met, valid however reserve() ended
};

/// How a reservation ended.
struct Outcome {
  enum class Kind : std::uint8_t {
    granted,  ///< every demand is counted
    no_room,  ///< nothing is counted; `demand` is the first in order without room
    full,  ///< nothing is counted: the table holds its cap of live counters and `demand` would need a new one
  };
  static constexpr std::int64_t kNever = -1;

  Kind kind = Kind::granted;
  std::uint32_t demand = 0;  ///< index into the demands
  std::int64_t retry_after_s =
      0;  ///< no_room: whole seconds, rounded up, until each demand without room would have
          ///< it if nobody else called; kNever where an amount exceeds its max
  bool granted() const { return kind == Kind::granted; }
};

struct Counter;

/// What a call holds in the table from reserve() until its end. Belongs to the call's slot and is used again:
/// it keeps its capacity, so that only the first use allocates. Destroying it keeps what was counted. Not
/// thread-safe.
class Reservation {
 public:
  bool empty() const { return entries_.empty(); }
  void clear() { entries_.clear(); }

 private:
  friend class Table;
  struct Entry {
    Counter* counter;
    CounterKey key;
    std::int64_t slot;  ///< slice number of a rolling window, first second of a calendar period
    std::int64_t amount;
    std::uint32_t demand;
  };
  std::vector<Entry> entries_;
};

struct TableOptions {
  /// Live counters at most, so that nobody who opens sessions can fill the memory; about 100 bytes for a
  /// calendar counter and 600 for a rolling one. One whose window has emptied gives its place to a new one.
  std::size_t counters = 1u << 20;
};

/// The counts of all limits, shared by all workers.
///
/// Exact: at most `max` per window whatever runs at the same time, and no call is refused because of an
/// amount that another call gives back (attack case T293). reserve() therefore owns the counters of a call
/// while it looks at them and adds to them: each counter has an ownership word, taken by compare-and-swap in
/// the order of the counters' addresses, so that two calls never wait for each other in a circle. What is
/// done under ownership is bounded arithmetic on memory at hand: no allocation, no system call, no other
/// lock. A lock-free scheme would have to add first and take back what did not fit; near a limit that refuses
/// calls that have room, or makes them wait for the undecided ones all the same. Only the first use of a
/// counter takes a mutex, since it allocates.
///
/// Time: a rolling window is counted in sixty equal slices aligned to the epoch, the running one and the
/// sixty before it. It moves by the monotonic clock, anchored to the wall when the table was made, so that
/// setting the clock neither frees nor blocks anything (T294). Calendar periods follow the wall clock and
/// never go back.
///
/// All members may be called from every thread unless they say otherwise.
class Table {
 public:
  /// `wall_us` and `monotonic_us`: the clocks now (base/clock.h), which anchor the one to the other.
  Table(std::int64_t wall_us, std::int64_t monotonic_us, const TableOptions& options = {});
  ~Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  /// The moment of a call from two clocks read together.
  Now at(std::int64_t wall_us, std::int64_t monotonic_us);

  /// Counts all demands or none. Demands on the same counter add once (the largest of their amounts) and each
  /// must have room. On `granted` the reservation (cleared first) holds what was added; otherwise it is
  /// empty. Also writes `count_before` of every demand.
  Outcome reserve(std::span<Demand> demands, Now now, Reservation& reservation);

  /// Counts all demands whether they have room or not (observe mode) and says what enforcement would have
  /// said. Where a demand finds the table full it is not counted.
  Outcome add_unchecked(std::span<Demand> demands, Now now, Reservation& reservation);

  /// What reserve() would say, counting nothing and making no counter (`explain`).
  Outcome peek(std::span<Demand> demands, Now now);

  /// Gives back what was reserved, to the slices that hold it; what has left its window meanwhile is gone
  /// anyway. Clears the reservation, so that a second call does nothing.
  void release(Reservation& reservation);

  /// The count of one window now; 0 for a counter that does not exist.
  std::int64_t count(const CounterKey& key, Now now) const;

  // --- surviving a restart
  // -------------------------------------------------------------------------------------

  /// Replays one recorded reservation: from the log after a crash, or record by record into a table that
  /// follows the log. `time_us` is the record's wall time. A negative amount replays a give-back. Never
  /// counts too little: an amount older than the window's start by a clock that was set back counts as new,
  /// and a give-back that finds its slice gone does nothing. False where the table is full.
  bool add_recorded(const CounterKey& key, Window window, const TimeZone* zone, std::int64_t time_us,
                    std::int64_t amount);

  /// After load() and the last add_recorded(), before the first call: moves what was recorded at a later time
  /// than `now`, by a clock since set back, into the running slice or period.
  void settle(Now now);

  /// All live counts as bytes (versioned, ending in a checksum; the form is in snapshot.cpp), with
  /// `position`, the caller's note of the place in its log up to which they hold. Exact where nobody writes
  /// meanwhile: at a clean stop, or of a table that one thread feeds with add_recorded(). Otherwise each
  /// counter by itself is exact.
  std::string serialise(std::string_view position, Now now) const;

  /// Puts the counts of a snapshot into this table, which nobody else uses yet, and returns its position.
  /// corrupt where a byte is not as written, unavailable where a time zone is no longer known, exhausted
  /// where the table is full. After an error the table holds a part: make another. Call settle() once the log
  /// after the position is replayed.
  Result<std::string> load(std::string_view bytes);

  /// Makes room: drops up to `budget` counters whose window has emptied. Called at leisure.
  std::size_t sweep(Now now, std::size_t budget);

  /// Counters held, empty ones not yet swept included.
  std::size_t size() const;

 private:
  struct State;
  class Claim;
  enum class Mode : std::uint8_t { reserve, observe, peek };
  Outcome run(Mode mode, std::span<Demand> demands, Now now, std::vector<Reservation::Entry>& entries);

  std::unique_ptr<State> state_;
};

}  // namespace doorward::quota
