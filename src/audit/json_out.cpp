#include "audit/json_out.h"

#include <algorithm>
#include <charconv>

namespace doorward::audit {
namespace {

constexpr char kHex[] = "0123456789abcdef";

/// Bytes that stand for themselves: printable ASCII but the quote and the backslash.
constexpr std::array<bool, 256> make_plain() {
  std::array<bool, 256> plain{};
  for (unsigned byte = 0x20; byte < 0x7f; ++byte) plain[byte] = byte != '"' && byte != '\\';
  return plain;
}
constexpr std::array<bool, 256> kPlain = make_plain();

/// Whether eight bytes are all plain. The carries of the subtractions may only cause a false alarm.
bool plain_word(std::uint64_t word) {
  constexpr std::uint64_t kOnes = 0x0101010101010101u;
  constexpr std::uint64_t kHigh = 0x8080808080808080u;
  const auto has_zero = [](std::uint64_t w) { return (w - kOnes) & ~w; };
  const std::uint64_t bad = word | (word - kOnes * 0x20) | has_zero(word ^ (kOnes * '"')) |
                            has_zero(word ^ (kOnes * '\\')) | has_zero(word ^ (kOnes * 0x7f));
  return (bad & kHigh) == 0;
}

std::size_t plain_prefix(std::string_view text) {
  std::size_t at = 0;
  while (text.size() - at >= 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + at, 8);
    if (!plain_word(word)) break;
    at += 8;
  }
  while (at < text.size() && kPlain[static_cast<unsigned char>(text[at])]) ++at;
  return at;
}

struct CodePoint {
  std::uint32_t value;
  std::size_t bytes;
};

/// Decodes one code point; a byte that begins none becomes U+FFFD.
CodePoint decode(std::string_view text) {
  constexpr CodePoint kBad{0xfffd, 1};
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i]));
  };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return kBad;
  std::uint32_t value = lead & (0xffu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return kBad;
    value = (value << 6) | (byte(i) & 0x3f);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kLeast[size] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return kBad;
  return {value, size};
}

std::size_t put_unit(char* out, std::uint32_t unit) {
  out[0] = '\\';
  out[1] = 'u';
  for (int i = 0; i < 4; ++i) out[2 + i] = kHex[(unit >> (12 - 4 * i)) & 15];
  return 6;
}

/// Writes the escape of one code point that is not plain; at most 12 bytes.
std::size_t put_escape(char* out, std::uint32_t value) {
  if (value == '"' || value == '\\') {
    out[0] = '\\';
    out[1] = static_cast<char>(value);
    return 2;
  }
  if (value < 0x10000) return put_unit(out, value);
  value -= 0x10000;
  put_unit(out, 0xd800 + (value >> 10));
  return 6 + put_unit(out + 6, 0xdc00 + (value & 0x3ff));
}

}  // namespace

void JsonOut::cut(std::string_view key) {
  if (cuts_ != 0 && cuts_ <= cut_.size() && cut_[cuts_ - 1].key == key && cut_[cuts_ - 1].name == name_)
    return;
  if (cuts_ < cut_.size()) cut_[cuts_] = {name_, key};
  cuts_ = std::min(cuts_ + 1, cut_.size());
}

bool JsonOut::begin_member(std::string_view key, std::size_t value_bytes) {
  if (room() < key.size() + 4 + value_bytes + kTail) {
    cut(key);
    return false;
  }
  if (!first_) put(',');
  first_ = false;
  put('"');
  put(key);
  put("\":");
  return true;
}

bool JsonOut::escaped(std::string_view value, std::size_t bound) {
  char* const limit = at_ + std::min(bound, spare());
  while (true) {
    const std::size_t plain = plain_prefix(value);
    const std::size_t fits = std::min(plain, static_cast<std::size_t>(limit - at_));
    put(value.substr(0, fits));
    if (fits < plain) return false;
    value.remove_prefix(plain);
    if (value.empty()) return true;
    const CodePoint point = decode(value);
    char buffer[12];
    const std::size_t size = put_escape(buffer, point.value);
    if (size > static_cast<std::size_t>(limit - at_)) return false;
    put({buffer, size});
    value.remove_prefix(point.bytes);
  }
}

void JsonOut::text_always(std::string_view key, std::string_view value, std::size_t bound) {
  if (!begin_member(key, 2)) return;
  put('"');
  if (!escaped(value, bound)) cut(key);
  put('"');
}

void JsonOut::digits(std::int64_t value) {
  at_ = std::to_chars(at_, end_, value).ptr;
}
void JsonOut::digits_unsigned(std::uint64_t value) {
  at_ = std::to_chars(at_, end_, value).ptr;
}

void JsonOut::number(std::string_view key, std::int64_t value) {
  if (begin_member(key, 20)) digits(value);
}

void JsonOut::count(std::string_view key, std::uint64_t value) {
  if (begin_member(key, 20)) digits_unsigned(value);
}

void JsonOut::boolean(std::string_view key, bool value) {
  if (begin_member(key, 5)) put(value ? std::string_view("true") : std::string_view("false"));
}

void JsonOut::time(std::string_view key, std::int64_t unix_us) {
  if (!begin_member(key, 29)) return;
  constexpr std::int64_t kFirst = -62'167'219'200'000'000;  // 0000-01-01
  constexpr std::int64_t kLast = 253'402'300'799'999'999;   // 9999-12-31
  unix_us = std::clamp(unix_us, kFirst, kLast);
  std::int64_t seconds = unix_us / 1'000'000;
  std::int64_t micros = unix_us % 1'000'000;
  if (micros < 0) {
    micros += 1'000'000;
    --seconds;
  }
  std::int64_t days = seconds / 86'400;
  std::int64_t in_day = seconds % 86'400;
  if (in_day < 0) {
    in_day += 86'400;
    --days;
  }
  // Howard Hinnant's civil_from_days: years begin in March, eras have 400 years.
  days += 719'468;
  const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const std::int64_t day_of_era = days - era * 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted = (5 * day_of_year + 2) / 153;
  const std::int64_t day = day_of_year - (153 * shifted + 2) / 5 + 1;
  const std::int64_t month = shifted < 10 ? shifted + 3 : shifted - 9;
  const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);

  const auto padded = [this](std::int64_t value, int width) {
    for (int i = width - 1; i >= 0; --i, value /= 10) at_[i] = static_cast<char>('0' + value % 10);
    at_ += width;
  };
  put('"');
  padded(year, 4);
  put('-');
  padded(month, 2);
  put('-');
  padded(day, 2);
  put('T');
  padded(in_day / 3600, 2);
  put(':');
  padded(in_day / 60 % 60, 2);
  put(':');
  padded(in_day % 60, 2);
  put('.');
  padded(micros, 6);
  put("Z\"");
}

void JsonOut::lexeme(std::string_view key, std::string_view json, std::size_t bound) {
  if (!begin_member(key, 4)) return;
  char* const start = at_;
  char* const limit = at_ + std::min(bound, spare());
  while (!json.empty()) {
    const auto byte = static_cast<unsigned char>(json.front());
    char buffer[12] = {json.front()};
    std::size_t size = 1;
    std::size_t used = 1;
    if (byte < 0x20 || byte >= 0x7f) {
      const CodePoint point = decode(json);
      size = put_escape(buffer, point.value);
      used = point.bytes;
    }
    if (size > static_cast<std::size_t>(limit - at_)) {
      at_ = start;
      put("null");
      cut(key);
      return;
    }
    put({buffer, size});
    json.remove_prefix(used);
  }
}

void JsonOut::raw(std::string_view key, std::string_view json) {
  if (begin_member(key, json.size())) put(json);
}

void JsonOut::open_object(std::string_view key, std::string_view name) {
  if (!first_) put(',');
  put('"');
  put(key);
  put("\":{");
  first_ = true;
  name_ = name;
}

void JsonOut::close_object() {
  put('}');
  first_ = false;
  name_ = {};
}

void JsonOut::open_array(std::string_view key, std::size_t bound) {
  if (!first_) put(',');
  first_ = false;
  put('"');
  put(key);
  put("\":[");
  first_element_ = true;
  array_key_ = key;
  array_end_ = at_ + std::min(bound, spare());
}

bool JsonOut::element(std::size_t size) {
  if (array_end_ < at_ || size + 1 > static_cast<std::size_t>(array_end_ - at_)) {
    if (array_end_ != nullptr) cut(array_key_);
    array_end_ = nullptr;
    return false;
  }
  if (!first_element_) put(',');
  first_element_ = false;
  return true;
}

void JsonOut::element_text(std::string_view value, std::size_t bound) {
  put('"');
  if (!escaped(value, bound)) cut(array_key_);
  put('"');
}

void JsonOut::element_hex(std::uint64_t high, std::uint64_t low) {
  for (const std::uint64_t half : {high, low}) {
    for (int shift = 60; shift >= 0; shift -= 4) put(kHex[(half >> shift) & 15]);
  }
}

void JsonOut::close_array() {
  put(']');
}

std::string_view JsonOut::finish() {
  if (cuts_ != 0) {
    put(",\"cut\":[");
    for (std::size_t i = 0; i < cuts_; ++i) {
      if (room() < cut_[i].name.size() + cut_[i].key.size() + 4) break;
      put(i == 0 ? std::string_view("\"") : std::string_view(",\""));
      put(cut_[i].name);
      put(cut_[i].key);
      put('"');
    }
    put(']');
  }
  return {begin_, static_cast<std::size_t>(at_ - begin_)};
}

}  // namespace doorward::audit
