#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"

namespace doorward::policy {

/// The keys of `args` that the conditions of one document begin with, each with a number: a slot. Filled at
/// load, read by any number of threads.
class KeyTable {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFFu;

  /// The slot of a key, a new one where it has none yet.
  std::uint32_t add(std::string_view key);
  std::uint32_t find(std::string_view key) const {
    for (std::size_t at = hash(key) & mask_;; at = (at + 1) & mask_) {
      const std::uint32_t slot = cells_[at];
      if (slot == kNone || keys_[slot] == key) return slot;
    }
  }
  std::size_t size() const { return keys_.size(); }

 private:
  static std::size_t hash(std::string_view key) {
    std::uint64_t head = 0;
    std::uint64_t tail = 0;
    const std::size_t size = key.size();
    if (size >= 8) {
      std::memcpy(&head, key.data(), 8);
      std::memcpy(&tail, key.data() + size - 8, 8);
    } else if (size != 0) {
      std::memcpy(&head, key.data(), size);
    }
    const std::uint64_t mixed = (head ^ (tail << 7) ^ (tail >> 57) ^ size) * 0x9E3779B97F4A7C15u;
    return static_cast<std::size_t>(mixed >> 32);
  }
  void place(std::uint32_t slot);

  std::vector<std::string> keys_;
  std::vector<std::uint32_t> cells_ =
      std::vector<std::uint32_t>(8, kNone);  // a power of two, a quarter full at most
  std::size_t mask_ = 7;
};

/// The members of one call's `args` by slot, gathered in one pass. Working memory: reused, it allocates no
/// more once it has met the largest table.
class Slots {
 public:
  /// Makes room; may allocate.
  void fit(const KeyTable& keys) {
    if (cells_.size() < keys.size()) cells_.resize(keys.size());
  }
  /// Gathers the members of an object; `fit` must have been called.
  void gather(const KeyTable& keys, json::Value object) {
    ++stamp_;
    for (json::Member member : object.members()) {
      const std::uint32_t slot = keys.find(member.key.string());
      if (slot != KeyTable::kNone) cells_[slot] = {member.value, stamp_};
    }
  }
  /// The member of the last object, or nothing.
  json::Value at(std::uint32_t slot) const {
    return cells_[slot].stamp == stamp_ ? cells_[slot].value : json::Value();
  }

 private:
  struct Cell {
    json::Value value;
    std::uint64_t stamp = 0;
  };
  std::vector<Cell> cells_;
  std::uint64_t stamp_ = 0;
};

}  // namespace doorward::policy
