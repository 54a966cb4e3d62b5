#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "audit/wake.h"
#include "base/result.h"

namespace doorward::audit {

/// Bound of an outcome's bytes. An intent sets this much room aside, so that what was forwarded can always be
/// recorded (architecture.md section 3).
inline constexpr std::size_t kMaxOutcome = 2048;
/// Bound of any other entry's bytes.
inline constexpr std::size_t kMaxEntry = 32768;

enum class EntryKind : std::uint16_t {
  record = 1,  ///< members of a log record, see record.h
  value = 2,   ///< a redactable value with its salt, for the side file
  arguments = 3,  ///< a call's id, LF, its canonical arguments: for the ArgumentStore
};

/// A journal between one producer (a worker) and one consumer (the audit thread): a pre-allocated file mapped
/// shared, so that an entry outlives the process from the moment append returns, without a system call.
///
/// Positions count bytes since the ring was made and never go back; the position after an append is that of
/// the entry's end. Append and its kin: producer's thread only, no allocation, no lock, no system call unless
/// the consumer sleeps. drained(), durable(), lost(): any thread.
class Ring {
 public:
  /// Makes the file anew (replacing an old one) with `capacity` bytes of room, a multiple of 4096, all of
  /// them allocated on disk. `wake`, if given, outlives the ring.
  static Result<std::unique_ptr<Ring>> create(const std::string& path, std::size_t capacity,
                                              Wake* wake = nullptr);
  ~Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  /// Producer. False when the room left does not hold the entry: it is then counted as lost (lost()), so that
  /// the log can say how many are missing. For denials, rejections and events; at most kMaxEntry bytes.
  [[nodiscard]] bool append(std::string_view bytes, EntryKind kind = EntryKind::record);
  /// Producer. Appends an intent and sets the room of its outcome aside. False when there is no room for
  /// both: nothing was appended, the call must be refused (503), and is counted.
  [[nodiscard]] bool append_intent(std::string_view bytes);
  /// Producer. Appends the outcome (at most kMaxOutcome bytes) of an intent that has none yet, into the room
  /// set aside; never fails. Without such an intent: a broken invariant, ends the process.
  void append_outcome(std::string_view bytes);

  /// Producer: where the last append ended.
  std::uint64_t position() const { return head_; }
  /// The same, for other threads.
  std::uint64_t published() const;
  /// Everything before this position is in the segment (survives the process, not yet a power loss).
  std::uint64_t drained() const;
  /// Everything before this position is in the segment and synced to disk.
  std::uint64_t durable() const;
  /// Intents without outcome. Producer's thread.
  std::size_t open_intents() const { return open_intents_; }

  struct Lost {
    std::uint64_t records = 0;  ///< entries refused by append()
    std::uint64_t intents = 0;  ///< calls refused by append_intent()
  };
  Lost lost() const;

  // The consumer's side. One thread.

  struct Entry {
    EntryKind kind;
    std::string_view bytes;
  };
  /// The entry at `position`, or an entry with empty bytes when there is none yet. A piece that wraps around
  /// the ring's end is copied to `scratch`; the view lives until the entry is released. `next`: the position
  /// behind.
  Entry peek(std::uint64_t position, std::string& scratch, std::uint64_t& next) const;
  bool has_entry(std::uint64_t position) const;
  /// Gives the room before `position` back to the producer; the entries are in the segment.
  void release(std::uint64_t position);
  /// Publishes that entries before `position` are on disk.
  void set_durable(std::uint64_t position);

  /// What a file of a dead process still holds: whole, undamaged entries in order, and the lost counts that
  /// no record has told of yet. `damaged` is set when an entry's check failed (a power loss): reading stops
  /// there.
  struct Leftover {
    struct Item {
      EntryKind kind;
      std::string bytes;
    };
    std::vector<Item> entries;
    Lost lost;
    bool damaged = false;
  };
  /// A missing file or one that is no ring holds nothing.
  static Result<Leftover> recover(const std::string& path);

  /// Consumer: counts up to here stand in a record; recover() tells only of later ones.
  void set_reported(const Lost& lost);
  Lost reported() const;

 private:
  struct Header;
  struct Frame;
  Ring() = default;
  bool put(std::string_view bytes, EntryKind kind, std::uint64_t limit);

  Header* header_ = nullptr;
  char* data_ = nullptr;
  std::size_t capacity_ = 0;
  Wake* wake_ = nullptr;
  std::uint64_t head_ = 0;       ///< the producer's copy
  std::uint64_t tail_seen_ = 0;  ///< the producer's last look at the consumer's tail
  std::size_t open_intents_ = 0;
};

}  // namespace doorward::audit
