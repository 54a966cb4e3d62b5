#include "identity/token.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/random.h"
#include "base/text.h"

namespace doorward::identity {
namespace {

constexpr std::string_view kBase62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t kRandom = 43;  // 62^43 is more than 2^256
constexpr std::size_t kCheck = 6;    // 62^6 is more than 2^32

/// CRC-32 as in IEEE 802.3, which scanners that know checksummed tokens compute.
constexpr std::array<std::uint32_t, 256> kCrcTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value & 1) != 0 ? value >> 1 ^ 0xedb88320u : value >> 1;
    table[i] = value;
  }
  return table;
}();

std::uint32_t crc32(std::string_view text) {
  std::uint32_t crc = 0xffffffffu;
  for (char c : text) crc = crc >> 8 ^ kCrcTable[(crc ^ static_cast<unsigned char>(c)) & 0xff];
  return ~crc;
}

std::array<char, kCheck> check_of(std::string_view text) {
  std::uint32_t value = crc32(text);
  std::array<char, kCheck> check{};
  for (std::size_t i = kCheck; i-- > 0; value /= 62) check[i] = kBase62[value % 62];
  return check;
}

}  // namespace

std::string make_token(std::string_view prefix) {
  std::string token(prefix);
  std::array<std::uint8_t, 64> bytes{};
  while (token.size() < prefix.size() + kRandom) {
    random_bytes(bytes);
    for (std::uint8_t byte : bytes) {
      // 248 is four times 62: what lies above would make some characters likelier.
      if (byte < 248 && token.size() < prefix.size() + kRandom) token += kBase62[byte % 62];
    }
  }
  wipe(bytes);
  const auto check = check_of(token);
  token.append(check.data(), check.size());
  return token;
}

bool is_token(std::string_view text, std::string_view prefix) {
  if (text.size() != kTokenSize || !text.starts_with(prefix)) return false;
  for (char c : text.substr(prefix.size())) {
    if (!is_alnum(c)) return false;
  }
  const auto check = check_of(text.substr(0, kTokenSize - kCheck));
  return constant_time_equal(text.substr(kTokenSize - kCheck), std::string_view(check.data(), check.size()));
}

TokenHash hash_token(std::string_view token) {
  return sha256(token);
}

std::string token_hint(std::string_view token) {
  return std::string(token.substr(kTokenSize - kCheck - 4, 4));
}

std::optional<std::string_view> bearer_credentials(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer";
  if (authorization.size() <= kScheme.size()) return std::nullopt;
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    const char c = authorization[i];
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (lower != kScheme[i]) return std::nullopt;
  }
  std::string_view rest = authorization.substr(kScheme.size());
  if (rest.front() != ' ') return std::nullopt;
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  return rest;
}

}  // namespace doorward::identity
