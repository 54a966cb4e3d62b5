#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/text.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace doorward::http {

namespace detail {
inline constexpr unsigned kToken = 1;  // RFC 9110 5.6.2
inline constexpr unsigned kPath =
    2;  // of a path in normal form: pchar (RFC 3986) without `%` and `;`, and `/`
inline constexpr unsigned kQuery = 4;  // pchar, `/`, `?`, `%`
inline constexpr unsigned kUnderscore = 8;

inline constexpr auto kClasses = [] {
  std::array<std::uint8_t, 256> classes{};
  auto add = [&classes](std::string_view chars, unsigned bits) {
    for (const char c : chars) {
      auto& entry = classes[static_cast<unsigned char>(c)];
      entry = static_cast<std::uint8_t>(entry | bits);
    }
  };
  add("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", kToken | kPath | kQuery);
  add("!#$%&'*+-.^_`|~", kToken);
  add("-._~!$&'()*+,=:@/", kPath | kQuery);
  add(";?%", kQuery);
  add("_", kUnderscore);
  return classes;
}();
}  // namespace detail

inline bool has_class(char c, unsigned bits) {
  return (detail::kClasses[static_cast<unsigned char>(c)] & bits) != 0;
}
inline bool is_token_char(char c) {
  return has_class(c, detail::kToken);
}
inline bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

/// Whether a field value may hold this byte: no control character but HTAB (RFC 9110 5.5).
inline bool is_value_char(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
}

/// The first byte of [at, end) that no field value may hold (a CR, usually), or end.
inline const char* find_control(const char* at, const char* end) {
#ifdef __SSE2__
  const __m128i space = _mm_set1_epi8(0x20);
  const __m128i tab = _mm_set1_epi8('\t');
  const __m128i del = _mm_set1_epi8(0x7f);
  for (; end - at >= 16; at += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i printable = _mm_cmpeq_epi8(_mm_max_epu8(v, space), v);
    const __m128i fine =
        _mm_andnot_si128(_mm_cmpeq_epi8(v, del), _mm_or_si128(printable, _mm_cmpeq_epi8(v, tab)));
    const unsigned mask = static_cast<unsigned>(_mm_movemask_epi8(fine));
    if (mask != 0xffff) return at + __builtin_ctz(~mask);
  }
#endif
  while (at != end && is_value_char(*at)) ++at;
  return at;
}

}  // namespace doorward::http
