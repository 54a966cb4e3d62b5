#include "audit/merkle.h"

#include <array>
#include <string_view>

namespace doorward::audit {
namespace {

constexpr std::array<std::uint8_t, 1> kLeaf = {0x00};
constexpr std::array<std::uint8_t, 1> kNode = {0x01};

}  // namespace

Digest leaf_hash(Sha256& hash, std::string_view record) {
  return hash.update(kLeaf).update(record).finish();
}

Digest node_hash(Sha256& hash, const Digest& left, const Digest& right) {
  return hash.update(kNode).update(left).update(right).finish();
}

void CompactTree::add(Sha256& hash, const Digest& leaf) {
  Digest node = leaf;
  for (std::uint64_t rest = size_; (rest & 1) != 0; rest >>= 1) {
    node = node_hash(hash, nodes_.back(), node);
    nodes_.pop_back();
  }
  nodes_.push_back(node);
  ++size_;
}

Digest CompactTree::root(Sha256& hash) const {
  if (nodes_.empty()) return hash.finish();
  Digest root = nodes_.back();
  for (std::size_t i = nodes_.size() - 1; i-- > 0;) root = node_hash(hash, nodes_[i], root);
  return root;
}

}  // namespace doorward::audit
