#include "base/ids.h"

#include <algorithm>
#include <cstring>

#include "base/encoding.h"
#include "base/random.h"

namespace doorward {

std::string make_uuid() {
  std::array<std::uint8_t, 16> bytes{};
  random_bytes(bytes);
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
  std::string text = to_hex(bytes);
  for (const std::size_t at : {8u, 13u, 18u, 23u}) text.insert(at, 1, '-');
  return text;
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (hyphen ? c != '-' : !hex) return false;
  }
  return true;
}

DecisionId DecisionIds::next() {
  static constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
  constexpr std::size_t kBytes = 10;
  if (used_ + kBytes > pool_.size()) {
    random_bytes(pool_);
    used_ = 0;
  }
  DecisionId id;
  std::memcpy(id.text_.data(), "dec_", 4);
  std::uint32_t bits = 0;
  unsigned held = 0;
  std::size_t out = 4;
  for (std::size_t i = 0; i < kBytes; ++i) {
    bits = (bits << 8) | pool_[used_ + i];
    held += 8;
    while (held >= 5) {
      held -= 5;
      id.text_[out++] = kAlphabet[(bits >> held) & 31];
    }
  }
  used_ += kBytes;
  return id;
}

}  // namespace doorward
