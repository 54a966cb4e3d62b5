#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "json/value.h"

namespace doorward::json {

/// The keys of the objects that a Reader has open, innermost last, and the search for two equal ones.
/// Small objects are compared pairwise, large ones through a table under a keyed hash (SipHash-1-3), so that
/// nobody who cannot see the seed can choose keys that collide. Allocates nothing once warm.
class KeySet {
 public:
  explicit KeySet(std::array<std::uint64_t, 2> seed) : seed_(seed) {}

  std::size_t size() const { return keys_.size(); }
  void clear() { keys_.clear(); }

  /// Adds a key; `node` is its index among the nodes, `data` must stay where it is until the object closes.
  void push(std::string_view key, std::uint32_t node) {
    keys_.push_back({signature(key), key.data(), static_cast<std::uint32_t>(key.size()), node});
  }

  /// Closes the object whose keys begin at `base`. Returns the node of the first key that repeats an earlier
  /// one, or kNone.
  std::uint32_t close(std::size_t base) {
    const std::size_t count = keys_.size() - base;
    std::uint32_t repeated = kNone;
    if (count > kPairwise) {
      repeated = repeated_in_table(base);
    } else {
      for (std::size_t i = base + 1; i < keys_.size() && repeated == kNone; ++i) {
        for (std::size_t j = base; j < i; ++j) {
          if (same(keys_[i], keys_[j])) {
            repeated = keys_[i].node;
            break;
          }
        }
      }
    }
    keys_.resize(base);
    return repeated;
  }

  /// Gives memory back that one huge object left behind.
  void shrink() {
    keys_ = {};
    slots_ = {};
  }
  std::size_t capacity_bytes() const {
    return keys_.capacity() * sizeof(Key) + slots_.capacity() * sizeof(std::uint32_t);
  }

  static constexpr std::uint32_t kNone = 0xFFFFFFFFu;

 private:
  struct Key {
    std::uint64_t signature;  // equal for equal keys, seldom for others
    const char* data;
    std::uint32_t size;
    std::uint32_t node;
  };

  static constexpr std::size_t kPairwise = 24;

  static bool same(const Key& a, const Key& b) {
    return a.signature == b.signature && a.size == b.size && std::memcmp(a.data, b.data, a.size) == 0;
  }

  static std::uint64_t signature(std::string_view key) {
    std::uint64_t head = 0;
    std::uint64_t tail = 0;
    const std::size_t size = key.size();
    if (size >= 8) {
      std::memcpy(&head, key.data(), 8);
      std::memcpy(&tail, key.data() + size - 8, 8);
    } else if (size >= 4) {
      std::memcpy(&head, key.data(), 4);
      std::memcpy(&tail, key.data() + size - 4, 4);
    } else if (size != 0) {
      head = static_cast<unsigned char>(key[0]) | static_cast<std::uint64_t>(key[size / 2]) << 8;
      tail = static_cast<unsigned char>(key[size - 1]);
    }
    return head ^ std::rotl(tail, 32) ^ static_cast<std::uint64_t>(size) << 16;
  }

  std::uint64_t hash(std::string_view key) const;
  std::uint32_t repeated_in_table(std::size_t base);

  std::array<std::uint64_t, 2> seed_;
  std::vector<Key> keys_;
  std::vector<std::uint32_t> slots_;
};

}  // namespace doorward::json
