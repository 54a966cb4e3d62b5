#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "json/value.h"

namespace doorward::json {

/// The canonical form of policy.md section 6, over which digests of arguments and definitions are taken:
/// members sorted by the UTF-8 bytes of their keys, strings by value with the fewest escapes, numbers exactly
/// as spelled, no white space. Two texts have one canonical form exactly when they differ at most in member
/// order, white space and the spelling of strings. (RFC 8785 rounds numbers through a double and sorts by
/// UTF-16; this does neither.)
///
/// Keeps its scratch: warm, it allocates only where `out` grows. Iterative. Not thread-safe; one per worker.
class Canonical {
 public:
  /// Appends the canonical form of a value (not a missing one) to `out`.
  void append(Value value, std::string& out);

 private:
  struct Frame {
    const Node* node;    // the container
    const Node* child;   // array: the element being written
    std::uint32_t left;  // array: elements after it
    std::size_t first;   // object: where its sorted keys begin in keys_
    std::size_t at;      // object: the key being written
  };

  void enter_object(const Node* object);
  const Node* write_key(const Frame& frame, std::string& out) const;
  const Node* next(std::string& out);

  std::vector<Frame> frames_;
  std::vector<const Node*> keys_;
};

}  // namespace doorward::json
