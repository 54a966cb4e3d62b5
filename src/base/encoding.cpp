#include "base/encoding.h"

#include <array>

namespace doorward {

namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kBase32 = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::uint8_t kForeign = 0xFF;

using Table = std::array<std::uint8_t, 256>;

constexpr Table invert(std::string_view alphabet) {
  Table table{};
  table.fill(kForeign);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return table;
}

constexpr Table kFromStandard = invert(kStandard);
constexpr Table kFromUrl = invert(kUrl);
constexpr Table kFromBase32 = invert(kBase32);

void encode(std::string& out, std::span<const std::uint8_t> bytes, std::string_view alphabet,
            unsigned width) {
  std::uint32_t bits = 0;
  unsigned held = 0;
  const std::uint32_t mask = (1u << width) - 1;
  for (const std::uint8_t byte : bytes) {
    bits = bits << 8 | byte;
    held += 8;
    while (held >= width) {
      held -= width;
      out.push_back(alphabet[bits >> held & mask]);
    }
  }
  if (held != 0) out.push_back(alphabet[bits << (width - held) & mask]);
}

std::optional<std::string> decode(std::string_view text, const Table& table, unsigned width) {
  std::string out;
  out.reserve(text.size() * width / 8);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const std::uint8_t value = table[static_cast<unsigned char>(c)];
    if (value == kForeign) return std::nullopt;
    bits = bits << width | value;
    held += width;
    if (held >= 8) {
      held -= 8;
      out.push_back(static_cast<char>(bits >> held & 0xFF));
    }
  }
  // What is left must be padding that the encoder adds: fewer bits than one character, all zero.
  if (held >= width || (bits & ((1u << held) - 1)) != 0) return std::nullopt;
  return out;
}

}  // namespace

void append_hex(std::string& out, std::span<const std::uint8_t> bytes) {
  for (const std::uint8_t byte : bytes) {
    out.push_back(kHex[byte >> 4]);
    out.push_back(kHex[byte & 15]);
  }
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  append_hex(out, bytes);
  return out;
}

std::optional<std::string> from_hex(std::string_view text) {
  static constexpr Table kDigits = [] {
    Table table = invert(kHex);
    for (std::size_t i = 0; i < 6; ++i) table['A' + i] = static_cast<std::uint8_t>(10 + i);
    return table;
  }();
  return text.size() % 2 == 0 ? decode(text, kDigits, 4) : std::nullopt;
}

void append_base64(std::string& out, std::span<const std::uint8_t> bytes, Base64 kind) {
  encode(out, bytes, kind == Base64::standard ? kStandard : kUrl, 6);
  if (kind == Base64::standard) out.append((3 - bytes.size() % 3) % 3, '=');
}

std::string to_base64(std::span<const std::uint8_t> bytes, Base64 kind) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  append_base64(out, bytes, kind);
  return out;
}

std::optional<std::string> from_base64(std::string_view text, Base64 kind) {
  if (kind == Base64::url) return decode(text, kFromUrl, 6);
  if (text.size() % 4 != 0) return std::nullopt;
  const std::size_t kept =
      text.ends_with("==") ? text.size() - 2 : text.size() - (text.ends_with('=') ? 1 : 0);
  return decode(text.substr(0, kept), kFromStandard, 6);
}

void append_base32(std::string& out, std::span<const std::uint8_t> bytes) {
  encode(out, bytes, kBase32, 5);
}

std::optional<std::string> from_base32(std::string_view text) {
  return decode(text, kFromBase32, 5);
}

}  // namespace doorward
