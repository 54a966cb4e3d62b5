#include "risk/hidden_text.h"

#include <cstdint>
#include <cstdio>
#include <vector>

namespace doorward::risk {
namespace {

/// White space in a row that pushes what follows out of the window of most clients.
constexpr std::size_t kMostSpaces = 200;
constexpr std::size_t kMostLines = 30;

/// The code points of valid UTF-8.
std::u32string decode(std::string_view text) {
  std::u32string points;
  points.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    char32_t point = size == 1 ? lead : lead & (0xffu >> (size + 1));
    for (std::size_t i = 1; i < size && at + i < text.size(); ++i) {
      point = (point << 6) | (static_cast<unsigned char>(text[at + i]) & 0x3f);
    }
    points += point;
    at += size;
  }
  return points;
}

bool within(char32_t point, char32_t first, char32_t last) { return point >= first && point <= last; }
bool is_tag(char32_t point) { return within(point, 0xe0000, 0xe007f); }
bool is_bidi(char32_t point) { return within(point, 0x202a, 0x202e) || within(point, 0x2066, 0x2069); }
bool is_selector(char32_t point) { return within(point, 0xfe00, 0xfe0f) || within(point, 0xe0100, 0xe01ef); }
bool is_private(char32_t point) {
  return within(point, 0xe000, 0xf8ff) || within(point, 0xf0000, 0xffffd) || within(point, 0x100000, 0x10fffd);
}
bool is_zero_width(char32_t point) {
  return within(point, 0x200b, 0x200f) || within(point, 0x2060, 0x2064) || point == 0xfeff || point == 0xad ||
         point == 0x180e || point == 0x034f;
}
bool is_control(char32_t point) {
  return (point < 0x20 && point != '\n' && point != '\r' && point != '\t') || within(point, 0x7f, 0x9f);
}
bool is_invisible(char32_t point) {
  return is_tag(point) || is_bidi(point) || is_selector(point) || is_zero_width(point) || is_control(point);
}
/// Letters and digits between which no script needs a joiner.
bool is_latin(char32_t point) {
  return within(point, '0', '9') || within(point, 'A', 'Z') || within(point, 'a', 'z') ||
         (within(point, 0xc0, 0x24f) && point != 0xd7 && point != 0xf7);
}
bool is_space(char32_t point) {
  return point == ' ' || point == '\t' || point == '\n' || point == '\r' || point == 0xa0 || point == 0x3000 ||
         within(point, 0x2000, 0x200a) || point == 0x2028 || point == 0x2029 || point == 0x202f;
}

std::string spelled(char32_t point) {
  char text[16];
  std::snprintf(text, sizeof text, "U+%04X", static_cast<unsigned>(point));
  return text;
}

/// Past the tags of a flag of a region (U+1F3F4, at most seven tags, U+E007F); `at` where it is none.
std::size_t past_flag(const std::u32string& points, std::size_t at) {
  if (points[at] != 0x1f3f4) return at;
  std::size_t end = at + 1;
  while (end < points.size() && end - at < 8 && within(points[end], 0xe0020, 0xe007e)) ++end;
  return end > at + 1 && end < points.size() && points[end] == 0xe007f ? end + 1 : at;
}

/// What a run of tags says when it is read as ASCII.
std::string read_tags(const std::u32string& points, std::size_t at) {
  std::string out = spelled(points[at]) + " and on, which read \"";
  for (std::size_t shown = 0; at < points.size() && is_tag(points[at]) && shown < 60; ++at) {
    if (!within(points[at], 0xe0020, 0xe007e)) continue;
    out += static_cast<char>(points[at] - 0xe0000);
    ++shown;
  }
  return out + "\"";
}

bool is_suspicious_zero_width(const std::u32string& points, std::size_t at) {
  const char32_t before = at > 0 ? points[at - 1] : U' ';
  const char32_t after = at + 1 < points.size() ? points[at + 1] : U' ';
  // Right-to-left text has its marks at its edges, a byte-order mark may stand before a text.
  return is_zero_width(before) || (is_latin(before) && is_latin(after));
}

}  // namespace

std::string readable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool space = false;
  std::size_t from = 0;
  for (const char32_t point : decode(text)) {
    const std::size_t size = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    const std::string_view bytes = text.substr(from, size);
    from += size;
    if (is_space(point) || point == '_') {
      space = true;
      continue;
    }
    if (is_invisible(point)) continue;
    if (space && !out.empty()) out += ' ';
    space = false;
    if (within(point, 0xff01, 0xff5e)) {
      out += static_cast<char>(point - 0xff01 + '!');
    } else if (point == 0x2019 || point == 0x2018) {
      out += '\'';
    } else {
      out += bytes;
    }
  }
  return out;
}

std::string invisible_characters(std::string_view text) {
  const std::u32string points = decode(text);
  std::size_t spaces = 0;
  std::size_t lines = 0;
  for (std::size_t at = 0; at < points.size(); ++at) {
    if (const std::size_t end = past_flag(points, at); end != at) {
      at = end - 1;
      spaces = lines = 0;
      continue;
    }
    const char32_t point = points[at];
    if (is_space(point)) {
      ++spaces;
      lines += point == '\n' ? 1 : 0;
      continue;
    }
    if (spaces > kMostSpaces || lines > kMostLines) {
      return std::to_string(spaces) + " characters of white space in a row, and text behind them";
    }
    spaces = lines = 0;
    if (is_tag(point)) return read_tags(points, at);
    if (is_bidi(point) || is_private(point) || is_control(point)) return spelled(point);
    if (is_selector(point) && at > 0 && is_selector(points[at - 1])) {
      return spelled(points[at - 1]) + " " + spelled(point);
    }
    if (is_zero_width(point) && is_suspicious_zero_width(points, at)) return spelled(point);
  }
  return {};
}

}  // namespace doorward::risk
