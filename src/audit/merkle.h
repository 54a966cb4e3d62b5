#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/hash.h"

namespace doorward::audit {

/// SHA-256(0x00 || record), RFC 9162 section 2.1.1.
Digest leaf_hash(Sha256& hash, std::string_view record);
/// SHA-256(0x01 || left || right).
Digest node_hash(Sha256& hash, const Digest& left, const Digest& right);

/// A Merkle tree that only grows, held as the roots of its complete subtrees, largest first: as many as the
/// size has one bits. Not thread-safe.
class CompactTree {
 public:
  CompactTree() = default;
  /// A tree known by its size and subtree roots alone. Their number must be the size's one bits.
  CompactTree(std::uint64_t size, std::span<const Digest> nodes)
      : size_(size), nodes_(nodes.begin(), nodes.end()) {}

  void add(Sha256& hash, const Digest& leaf);
  /// Of the empty tree: SHA-256 of nothing.
  Digest root(Sha256& hash) const;
  std::uint64_t size() const { return size_; }
  std::span<const Digest> nodes() const { return nodes_; }

 private:
  std::uint64_t size_ = 0;
  std::vector<Digest> nodes_;
};

}  // namespace doorward::audit
