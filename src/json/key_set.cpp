#include "json/key_set.h"

namespace doorward::json {

std::uint64_t KeySet::hash(std::string_view key) const {
  std::uint64_t v0 = seed_[0] ^ 0x736f6d6570736575u;
  std::uint64_t v1 = seed_[1] ^ 0x646f72616e646f6du;
  std::uint64_t v2 = seed_[0] ^ 0x6c7967656e657261u;
  std::uint64_t v3 = seed_[1] ^ 0x7465646279746573u;
  const auto round = [&] {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  };
  const auto absorb = [&](std::uint64_t word) {
    v3 ^= word;
    round();
    v0 ^= word;
  };
  std::size_t at = 0;
  for (; at + 8 <= key.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, key.data() + at, 8);
    absorb(word);
  }
  std::uint64_t last = static_cast<std::uint64_t>(key.size()) << 56;
  if (at < key.size()) {
    std::uint64_t rest = 0;
    std::memcpy(&rest, key.data() + at, key.size() - at);
    last |= rest;
  }
  absorb(last);
  v2 ^= 0xff;
  round();
  round();
  round();
  return v0 ^ v1 ^ v2 ^ v3;
}

std::uint32_t KeySet::repeated_in_table(std::size_t base) {
  const std::size_t count = keys_.size() - base;
  const std::size_t mask = std::bit_ceil(count * 2) - 1;
  slots_.assign(mask + 1, 0);
  for (std::size_t i = 0; i < count; ++i) {
    const Key& key = keys_[base + i];
    std::size_t at = hash({key.data, key.size}) & mask;
    for (; slots_[at] != 0; at = (at + 1) & mask) {
      if (same(key, keys_[base + slots_[at] - 1])) return key.node;
    }
    slots_[at] = static_cast<std::uint32_t>(i + 1);
  }
  return kNone;
}

}  // namespace doorward::json
