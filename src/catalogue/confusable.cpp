#include "catalogue/confusable.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace doorward::catalogue {
namespace {

/// Sorted by code point.
constexpr std::array<std::pair<char32_t, char>, 78> kLookLike = {{
    {0x00e0, 'a'}, {0x00e1, 'a'}, {0x00e2, 'a'}, {0x00e3, 'a'}, {0x00e4, 'a'}, {0x00e5, 'a'}, {0x00e7, 'c'},
    {0x00e8, 'e'}, {0x00e9, 'e'}, {0x00ea, 'e'}, {0x00eb, 'e'}, {0x00ec, 'i'}, {0x00ed, 'i'}, {0x00ee, 'i'},
    {0x00ef, 'i'}, {0x00f1, 'n'}, {0x00f2, 'o'}, {0x00f3, 'o'}, {0x00f4, 'o'}, {0x00f5, 'o'}, {0x00f6, 'o'},
    {0x00f8, 'o'}, {0x00f9, 'u'}, {0x00fa, 'u'}, {0x00fb, 'u'}, {0x00fc, 'u'}, {0x00fd, 'y'}, {0x0131, 'i'},
    {0x0142, 'l'}, {0x0251, 'a'}, {0x0261, 'g'}, {0x0269, 'i'}, {0x03b1, 'a'}, {0x03b3, 'y'}, {0x03b5, 'e'},
    {0x03b7, 'n'}, {0x03b9, 'i'}, {0x03ba, 'k'}, {0x03bd, 'v'}, {0x03bf, 'o'}, {0x03c1, 'p'}, {0x03c4, 't'},
    {0x03c5, 'u'}, {0x03c7, 'x'}, {0x03c9, 'w'}, {0x03f2, 'c'}, {0x0410, 'a'}, {0x0412, 'b'}, {0x0415, 'e'},
    {0x041a, 'k'}, {0x041c, 'm'}, {0x041d, 'h'}, {0x041e, 'o'}, {0x0420, 'p'}, {0x0421, 'c'}, {0x0422, 't'},
    {0x0425, 'x'}, {0x0430, 'a'}, {0x0435, 'e'}, {0x043a, 'k'}, {0x043e, 'o'}, {0x0440, 'p'}, {0x0441, 'c'},
    {0x0443, 'y'}, {0x0445, 'x'}, {0x0455, 's'}, {0x0456, 'i'}, {0x0458, 'j'}, {0x0491, 'r'}, {0x04bb, 'h'},
    {0x0501, 'd'}, {0x051b, 'q'}, {0x051d, 'w'}, {0x0561, 'w'}, {0x0570, 'h'}, {0x0578, 'n'}, {0x057d, 'u'},
    {0x0585, 'o'},
}};

char32_t take_point(std::string_view text, std::size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  char32_t point = size == 1 ? lead : lead & (0xffu >> (size + 1));
  for (std::size_t i = 1; i < size && at + i < text.size(); ++i) {
    point = (point << 6) | (static_cast<unsigned char>(text[at + i]) & 0x3fu);
  }
  at += size;
  return point;
}

bool is_unseen(char32_t point) {
  return point == 0xad || point == 0x34f || point == 0x180e || (point >= 0x200b && point <= 0x200f) ||
         (point >= 0x202a && point <= 0x202e) || (point >= 0x2060 && point <= 0x2064) ||
         (point >= 0x2066 && point <= 0x2069) || (point >= 0xfe00 && point <= 0xfe0f) || point == 0xfeff ||
         (point >= 0xe0000 && point <= 0xe01ef);
}

/// The Latin letter in small, digit or separator that a code point looks like; 0: none.
char latin(char32_t point) {
  if (point >= 'A' && point <= 'Z') return static_cast<char>(point | 0x20);
  if (point < 0x80) return static_cast<char>(point);
  if (point >= 0xff01 && point <= 0xff5e) return latin(point - 0xfee0);
  if (point == 0x2010 || point == 0x2011 || point == 0x2012 || point == 0x2013 || point == 0x2212) return '-';
  if (point == 0x2024) return '.';
  if (point == 0x2044 || point == 0x2215) return '/';
  const auto found = std::ranges::lower_bound(kLookLike, point, {}, &std::pair<char32_t, char>::first);
  return found != kLookLike.end() && found->first == point ? found->second : '\0';
}

void replace_all(std::string& text, std::string_view pair, char one) {
  std::size_t to = 0;
  for (std::size_t at = 0; at < text.size();) {
    const bool here = text.compare(at, pair.size(), pair) == 0;
    text[to++] = here ? one : text[at];
    at += here ? pair.size() : 1;
  }
  text.resize(to);
}

}  // namespace

std::string skeleton(std::string_view name) {
  std::string out;
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t begin = at;
    const char32_t point = take_point(name, at);
    if (is_unseen(point)) continue;
    char c = latin(point);
    if (c == '\0') {
      out += name.substr(begin, at - begin);
      continue;
    }
    if (c == '0') c = 'o';
    if (c == '1' || c == 'i' || c == '|') c = 'l';
    out += c;
  }
  replace_all(out, "rn", 'm');
  replace_all(out, "vv", 'w');
  return out;
}

}  // namespace doorward::catalogue
