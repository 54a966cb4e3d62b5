#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "audit/checkpoint.h"
#include "audit/merkle.h"

namespace doorward::audit {

/// Turns members into the records of one writer's epoch: numbers them, chains them, grows the tree. Not
/// thread-safe.
class Chain {
 public:
  Chain(std::string writer, std::uint64_t epoch);

  /// Appends the record and its newline to `out`.
  void append(std::string& out, std::string_view members);

  std::uint64_t size() const { return tree_.size(); }
  std::uint64_t epoch() const { return epoch_; }
  const std::string& writer() const { return writer_; }
  const CompactTree& tree() const { return tree_; }
  Checkpoint head();

 private:
  std::string writer_;
  std::uint64_t epoch_;
  std::string prev_;
  CompactTree tree_;
  Sha256 hash_;
};

}  // namespace doorward::audit
