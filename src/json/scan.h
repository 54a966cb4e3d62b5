#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace doorward::json {

namespace detail {
constexpr std::array<bool, 256> make_special() {
  std::array<bool, 256> table{};
  for (std::size_t i = 0; i < 256; ++i) table[i] = i < 0x20 || i >= 0x80 || i == '"' || i == '\\';
  return table;
}
inline constexpr std::array<bool, 256> kSpecial = make_special();
}  // namespace detail

/// The first byte in [p, end) that is not plain text inside a JSON string: a quote, a backslash, a control
/// character or the start of a non-ASCII sequence; `end` if there is none.
inline const char* find_special(const char* p, const char* end) {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i last_control = _mm_set1_epi8(0x1f);
  while (end - p >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i hit =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)),
                     _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes));
    // The sign bit of a byte is set exactly when it is not ASCII.
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(hit, bytes)));
    if (mask != 0) return p + std::countr_zero(mask);
    p += 16;
  }
#endif
  while (p != end && !detail::kSpecial[static_cast<unsigned char>(*p)]) ++p;
  return p;
}

/// Bytes of the well-formed UTF-8 sequence that starts at `p` (Unicode 15, table 3-7): 1 to 4, or 0 if it is
/// malformed: overlong, a surrogate, past U+10FFFF, cut off by `end`. Wants p < end.
inline unsigned utf8_length(const char* p, const char* end) {
  const auto at = [p](std::size_t i) { return static_cast<unsigned char>(p[i]); };
  const auto continues = [&](std::size_t i) { return (at(i) & 0xC0u) == 0x80u; };
  const unsigned char lead = at(0);
  const auto left = static_cast<std::size_t>(end - p);
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;
  if (lead < 0xE0) return left >= 2 && continues(1) ? 2 : 0;
  if (lead < 0xF0) {
    if (left < 3 || !continues(1) || !continues(2)) return 0;
    if (lead == 0xE0 && at(1) < 0xA0) return 0;
    if (lead == 0xED && at(1) > 0x9F) return 0;
    return 3;
  }
  if (lead > 0xF4 || left < 4 || !continues(1) || !continues(2) || !continues(3)) return 0;
  if (lead == 0xF0 && at(1) < 0x90) return 0;
  if (lead == 0xF4 && at(1) > 0x8F) return 0;
  return 4;
}

/// The code point of a sequence that utf8_length measured.
inline char32_t utf8_decode(const char* p, unsigned length) {
  const auto at = [p](std::size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(p[i])); };
  switch (length) {
    case 1:
      return at(0);
    case 2:
      return (at(0) & 0x1F) << 6 | (at(1) & 0x3F);
    case 3:
      return (at(0) & 0x0F) << 12 | (at(1) & 0x3F) << 6 | (at(2) & 0x3F);
    default:
      return (at(0) & 0x07) << 18 | (at(1) & 0x3F) << 12 | (at(2) & 0x3F) << 6 | (at(3) & 0x3F);
  }
}

/// Writes a code point (no surrogate, at most U+10FFFF) as UTF-8 to `out` and returns the end: 1 to 4 bytes.
inline char* utf8_encode(char32_t point, char* out) {
  const auto put = [&out](char32_t byte) { *out++ = static_cast<char>(byte); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0 | point >> 6);
    put(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    put(0xE0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  } else {
    put(0xF0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3F));
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  }
  return out;
}

}  // namespace doorward::json
