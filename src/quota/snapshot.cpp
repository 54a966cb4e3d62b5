// A snapshot's form, all numbers little-endian:
//
//   4 bytes "DWQT", u32 version (1)
//   i64 wall time, i64 steady time (microseconds) when it was taken
//   u32 size and bytes of the position
//   u64 number of counters; each:
//     u64 and u64 of the key, u8 kind (0 rolling, 1 day, 2 week, 3 month), u32 seconds of a rolling window
//     rolling:  i64 number of the newest slice, u8 slices that hold something; each: u8 age (0 is the
//     newest), i64 amount calendar: u8 size and bytes of the time zone's name, i64 first second, i64 total
//   32 bytes SHA-256 of all before

#include <algorithm>
#include <concepts>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "quota/table.h"
#include "quota/table_state.h"

namespace doorward::quota {
namespace {

constexpr std::string_view kMagic = "DWQT";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kChecksum = 32;
constexpr std::int64_t kLastSecond = 100'000'000'000;  // the year 5138; keeps products of times in range

template <std::integral T>
void put(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    out += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xff);
  }
}

/// Reads from the front; after a read past the end, `ok` is false and all numbers are 0.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : rest_(bytes) {}

  template <std::integral T>
  T get() {
    const std::string_view bytes = take(sizeof(T));
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      value |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    }
    return static_cast<T>(value);
  }

  std::string_view take(std::size_t size) {
    if (size > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }

  bool ok() const { return ok_; }
  bool done() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

std::string_view checksum(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

void put_counter(std::string& out, const Counter& counter) {
  put(out, counter.key().high);
  put(out, counter.key().low);
  put(out, static_cast<std::uint8_t>(counter.kind));
  put(out, counter.seconds);
  if (counter.is_rolling()) {
    put(out, counter.newest);
    const std::size_t used_at = out.size();
    put(out, std::uint8_t{0});
    std::uint8_t used = 0;
    for (std::int64_t age = 0; age < std::min(kSlices, counter.newest + 1); ++age) {
      const std::int64_t amount = counter.slice(counter.newest - age);
      if (amount == 0) continue;
      put(out, static_cast<std::uint8_t>(age));
      put(out, amount);
      ++used;
    }
    out[used_at] = static_cast<char>(used);
    return;
  }
  const std::string& zone = counter.zone->name();
  put(out, static_cast<std::uint8_t>(zone.size()));
  out += zone;
  put(out, counter.newest);
  put(out, counter.total);
}

std::unexpected<Error> corrupt() {
  return fail(
      ErrorKind::corrupt,
      "the snapshot of the quota counts is damaged; it is set aside and the counts are rebuilt from the log");
}

struct Counts {
  const TimeZone* zone = nullptr;
  std::vector<std::pair<std::int64_t, std::int64_t>> amounts;  ///< wall time and amount, oldest first
};

/// Each amount is told at the last moment of its slice, so that none is freed early.
Result<Counts> read_slices(Cursor& cursor, std::uint32_t seconds, std::int64_t behind_wall_us) {
  const auto newest = cursor.get<std::int64_t>();
  const auto used = cursor.get<std::uint8_t>();
  if (seconds == 0 || newest < 0 || newest / 60 > kLastSecond / seconds || used > kSlices) return corrupt();
  Counts counts;
  for (unsigned i = 0; i < used; ++i) {
    const auto age = cursor.get<std::uint8_t>();
    const auto amount = cursor.get<std::int64_t>();
    if (age >= kSlices || age > newest || amount < 0 || amount > kSaturated) return corrupt();
    counts.amounts.emplace_back(slice_start_us(newest - age + 1, seconds) - 1 + behind_wall_us, amount);
  }
  std::ranges::reverse(counts.amounts);
  return counts;
}

/// The amount is told at the moment of the snapshot, or at the beginning of a period that a clock set back
/// has not reached.
Result<Counts> read_period(Cursor& cursor, std::int64_t wall_us) {
  const std::string_view name = cursor.take(cursor.get<std::uint8_t>());
  const auto begin = cursor.get<std::int64_t>();
  const auto total = cursor.get<std::int64_t>();
  if (!cursor.ok() || begin > kLastSecond || begin < -kLastSecond || total < 0 || total > kSaturated)
    return corrupt();
  const auto zone = TimeZone::find(name);
  if (!zone) return std::unexpected(zone.error());
  Counts counts;
  counts.zone = *zone;
  counts.amounts.emplace_back(std::max(begin * 1'000'000, wall_us), total);
  return counts;
}

}  // namespace

std::string Table::serialise(std::string_view position, Now now) const {
  std::string out(kMagic);
  put(out, kVersion);
  put(out, now.wall_us);
  put(out, now.steady_us);
  put(out, static_cast<std::uint32_t>(position.size()));
  out += position;
  const std::size_t count_at = out.size();
  std::uint64_t count = 0;
  put(out, count);
  for (Counter* counter : state_->all()) {
    const Ownership owned(*counter);
    if (counter->key() == kNoKey) continue;
    counter->advance(now);
    if (counter->total == 0) continue;
    put_counter(out, *counter);
    ++count;
  }
  std::string counted;
  put(counted, count);
  out.replace(count_at, counted.size(), counted);
  out += checksum(sha256(out));
  return out;
}

Result<std::string> Table::load(std::string_view bytes) {
  if (bytes.size() < kChecksum) return corrupt();
  const std::string_view body = bytes.substr(0, bytes.size() - kChecksum);
  if (checksum(sha256(body)) != bytes.substr(body.size())) return corrupt();

  Cursor cursor(body);
  if (cursor.take(kMagic.size()) != kMagic) return corrupt();
  if (cursor.get<std::uint32_t>() != kVersion) {
    return fail(ErrorKind::corrupt,
                "the snapshot of the quota counts was written by another version of Doorward; "
                "the counts are rebuilt from the log");
  }
  const auto wall_us = cursor.get<std::int64_t>();
  const auto steady_us = cursor.get<std::int64_t>();
  const std::string position(cursor.take(cursor.get<std::uint32_t>()));

  const auto count = cursor.get<std::uint64_t>();
  for (std::uint64_t i = 0; i < count && cursor.ok(); ++i) {
    const auto high = cursor.get<std::uint64_t>();
    const CounterKey key{high, cursor.get<std::uint64_t>()};
    const auto kind = cursor.get<std::uint8_t>();
    const auto seconds = cursor.get<std::uint32_t>();
    if (kind > static_cast<std::uint8_t>(Window::Kind::month)) return corrupt();
    const Window window{static_cast<Window::Kind>(kind), seconds};
    const auto counts = window.kind == Window::Kind::rolling
                            ? read_slices(cursor, seconds, wall_us - steady_us)
                            : read_period(cursor, wall_us);
    if (!counts) return std::unexpected(counts.error());
    for (auto [time_us, amount] : counts->amounts) {
      for (; amount > 0; amount -= kLargest) {
        if (!add_recorded(key, window, counts->zone, time_us, std::min(amount, kLargest))) {
          return fail(ErrorKind::exhausted,
                      "the snapshot holds more counters than the table may; raise the number of counters");
        }
      }
    }
  }
  if (!cursor.done()) return corrupt();
  return position;
}

}  // namespace doorward::quota
