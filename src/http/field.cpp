#include "http/field.h"

#include <array>
#include <cstring>

#include "http/chars.h"

namespace doorward::http {

namespace {

constexpr std::array<std::string_view, kFieldCount> kNames = {
    "",
    "accept",
    "accept-encoding",
    "authorization",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "date",
    "expect",
    "host",
    "if-none-match",
    "keep-alive",
    "last-event-id",
    "location",
    "mcp-method",
    "mcp-name",
    "mcp-protocol-version",
    "mcp-session-id",
    "origin",
    "retry-after",
    "sec-fetch-site",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "www-authenticate",
};

constexpr unsigned slot_of(std::string_view name) {
  const unsigned first = static_cast<unsigned char>(name[0]) | 0x20u;
  const unsigned middle = static_cast<unsigned char>(name[name.size() / 2]) | 0x20u;
  return (first * 19 + middle * 16 + static_cast<unsigned>(name.size()) * 5) & 63;
}

/// Slot of a name's hash -> field; the names differ in their slots, which the build checks.
constexpr auto kSlots = [] {
  std::array<std::uint8_t, 64> slots{};
  for (std::size_t i = 1; i < kFieldCount; ++i) {
    if (slots[slot_of(kNames[i])] != 0) throw "two names share a slot: change slot_of";
    slots[slot_of(kNames[i])] = static_cast<std::uint8_t>(i);
  }
  return slots;
}();

/// Exact for a token against a known name: setting bit 5 maps no other token character to a letter, `-` or
/// digit.
bool same_name(const char* token, const char* known, std::size_t size) {
  constexpr std::uint64_t kLower = 0x2020202020202020;
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  if (size < 8) {
    std::memcpy(&a, token, size);
    std::memcpy(&b, known, size);
    return (a | kLower) == (b | kLower);
  }
  for (std::size_t i = 0;; i += 8) {
    if (i + 8 > size) i = size - 8;
    std::memcpy(&a, token + i, 8);
    std::memcpy(&b, known + i, 8);
    if ((a | kLower) != b) return false;
    if (i + 8 == size) return true;
  }
}

}  // namespace

Field field_of(std::string_view name) {
  if (name.empty()) return Field::other;
  const std::uint8_t at = kSlots[slot_of(name)];
  const std::string_view known = kNames[at];
  if (known.size() != name.size() || !same_name(name.data(), known.data(), name.size())) return Field::other;
  return static_cast<Field>(at);
}

std::string_view field_name(Field field) {
  return kNames[static_cast<std::size_t>(field)];
}

bool is_token(std::string_view text) {
  for (const char c : text) {
    if (!is_token_char(c)) return false;
  }
  return !text.empty();
}

}  // namespace doorward::http
