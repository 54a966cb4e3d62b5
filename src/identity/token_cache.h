#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/hash.h"

namespace doorward::identity {

/// What verified tokens came to, found by their hash: no signature is verified twice. A token is known for one server,
/// since what it may do elsewhere is another matter. Holds no token. Bounded; finding allocates nothing. One thread.
template <typename Value>
class TokenCache {
 public:
  /// Null where the token is not known there.
  const Value* find(std::string_view token, std::string_view server) const {
    const auto found = values_.find(key(token, server));
    return found == values_.end() ? nullptr : &found->second;
  }
  void put(std::string_view token, std::string_view server, Value value) {
    if (values_.size() >= kMost) values_.clear();
    values_.insert_or_assign(key(token, server), std::move(value));
  }
  void clear() { values_.clear(); }
  template <typename Predicate>
  void erase_if(Predicate&& over) {
    std::erase_if(values_, [&](const auto& one) { return over(one.second); });
  }

  static constexpr std::size_t kMost = 16'384;

 private:
  struct Hash {
    std::size_t operator()(const Digest& digest) const {
      std::size_t value = 0;
      std::memcpy(&value, digest.data(), sizeof(value));
      return value;
    }
  };
  /// No path holds a NUL, so no server and token are taken for another pair.
  static Digest key(std::string_view token, std::string_view server) {
    return Sha256().update(server).update(std::string_view("\0", 1)).update(token).finish();
  }

  std::unordered_map<Digest, Value, Hash> values_;
};

}  // namespace doorward::identity
