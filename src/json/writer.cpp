#include "json/writer.h"

#include "json/scan.h"

namespace doorward::json {

namespace {

constexpr char kHex[] = "0123456789abcdef";

template <typename Out>
void append_unit(Out& out, char32_t unit) {
  const char escape[] = {
      '\\', 'u', kHex[unit >> 12 & 15], kHex[unit >> 8 & 15], kHex[unit >> 4 & 15], kHex[unit & 15]};
  out.append(escape, sizeof(escape));
}

template <typename Out>
void append_escaped(Out& out, char32_t point) {
  if (point < 0x10000) {
    append_unit(out, point);
  } else {
    append_unit(out, 0xD800 + ((point - 0x10000) >> 10));
    append_unit(out, 0xDC00 + ((point - 0x10000) & 0x3FF));
  }
}

// The second character of a two-character escape, or 0.
char short_escape(char c) {
  switch (c) {
    case '"':
    case '\\':
      return c;
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return 0;
  }
}

// Writes the special character at `p` and returns the end of it.
template <typename Out>
const char* append_special(Out& out, const char* p, const char* end, Escape escape) {
  if (static_cast<unsigned char>(*p) < 0x80) {
    if (const char second = short_escape(*p); second != 0) {
      const char pair[] = {'\\', second};
      out.append(pair, 2);
    } else {
      append_unit(out, static_cast<char32_t>(*p));
    }
    return p + 1;
  }
  const unsigned length = utf8_length(p, end);
  if (length == 0) {
    append_unit(out, 0xFFFD);
    return p + 1;
  }
  if (escape == Escape::ascii) {
    append_escaped(out, utf8_decode(p, length));
  } else {
    out.append(p, length);
  }
  return p + length;
}

template <typename Out>
void append_run(Out& out, const char* run, const char* stop, Escape escape) {
  if (escape == Escape::minimal) {
    out.append(run, static_cast<std::size_t>(stop - run));
    return;
  }
  // DEL is the one unprintable character of ASCII that JSON leaves alone.
  for (;;) {
    const auto size = static_cast<std::size_t>(stop - run);
    const auto* del = size == 0 ? nullptr : static_cast<const char*>(std::memchr(run, 0x7F, size));
    if (del == nullptr) {
      out.append(run, size);
      return;
    }
    out.append(run, static_cast<std::size_t>(del - run));
    append_unit(out, 0x7F);
    run = del + 1;
  }
}

}  // namespace

template <typename Out>
void append_string(Out& out, std::string_view text, Escape escape) {
  out.push_back('"');
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p != end) {
    const char* const special = find_special(p, end);
    append_run(out, p, special, escape);
    p = special == end ? end : append_special(out, special, end, escape);
  }
  out.push_back('"');
}

std::string quoted(std::string_view text, Escape escape) {
  std::string out;
  append_string(out, text, escape);
  return out;
}

std::string printable(std::string_view text) {
  const std::string string = quoted(text, Escape::ascii);
  std::string plain;
  for (std::size_t i = 1; i + 1 < string.size(); ++i) {
    if (string[i] == '\\' && (string[i + 1] == '"' || string[i + 1] == '\\')) ++i;
    plain += string[i];
  }
  return plain;
}

template void append_string(std::string&, std::string_view, Escape);
template void append_string(FixedBuffer&, std::string_view, Escape);

}  // namespace doorward::json
