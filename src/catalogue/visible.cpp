#include "catalogue/visible.h"

#include <cstdint>
#include <cstdio>

namespace doorward::catalogue {
namespace {

struct Point {
  char32_t value;
  std::size_t size;  ///< bytes
  bool valid;
};

Point read_point(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  if (lead < 0x80) return {lead, 1, true};
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (size == 0 || lead > 0xf4 || at + size > text.size()) return {lead, 1, false};
  char32_t value = lead & (0xffu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    const auto next = static_cast<unsigned char>(text[at + i]);
    if ((next & 0xc0) != 0x80) return {lead, 1, false};
    value = (value << 6) | (next & 0x3f);
  }
  constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool valid = value >= kLeast[size] && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
  return valid ? Point{value, size, true} : Point{lead, 1, false};
}

bool within(char32_t point, char32_t first, char32_t last) {
  return point >= first && point <= last;
}

/// What scripts and emoji put between characters of theirs.
bool is_joiner(char32_t point) {
  return point == 0x200c || point == 0x200d || within(point, 0xfe00, 0xfe0f) ||
         within(point, 0xe0100, 0xe01ef);
}

bool is_unseen(char32_t point) {
  return (point < 0x20 && point != '\n' && point != '\t') || within(point, 0x7f, 0x9f) || point == 0xad ||
         point == 0x34f || point == 0x61c || point == 0x115f || point == 0x1160 ||
         within(point, 0x17b4, 0x17b5) || within(point, 0x180b, 0x180f) || within(point, 0x200b, 0x200f) ||
         within(point, 0x2028, 0x202e) || within(point, 0x2060, 0x206f) || point == 0x3164 ||
         within(point, 0xfe00, 0xfe0f) || point == 0xfeff || point == 0xffa0 ||
         within(point, 0xfff9, 0xfffb) || within(point, 0xe000, 0xf8ff) || within(point, 0xe0000, 0xe0fff) ||
         point >= 0xf0000;
}

}  // namespace

void for_each_piece(std::string_view text,
                    const std::function<void(std::string_view piece, bool mark)>& take) {
  std::size_t begin = 0;
  char32_t last = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Point point = read_point(text, at);
    const bool joins = point.valid && is_joiner(point.value) && last >= 0x80 && !is_unseen(last);
    // A carriage return before a line feed ends the same line.
    const bool line_end = point.value == '\r' && at + 1 < text.size() && text[at + 1] == '\n';
    if (point.valid && (joins || !is_unseen(point.value))) {
      last = joins ? last : point.value;
    } else {
      if (at > begin) take(text.substr(begin, at - begin), false);
      begin = at + point.size;
      if (!line_end) {
        char mark[16];
        std::snprintf(mark, sizeof mark, point.valid ? "U+%04X" : "byte %02X",
                      static_cast<unsigned>(point.value));
        take(mark, true);
      }
      last = 0;
    }
    at += point.size;
  }
  if (begin < text.size()) take(text.substr(begin), false);
}

std::string visible(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for_each_piece(text, [&](std::string_view piece, bool mark) {
    if (mark) out += '<';
    out += piece;
    if (mark) out += '>';
  });
  return out;
}

}  // namespace doorward::catalogue
