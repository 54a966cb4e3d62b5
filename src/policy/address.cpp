#include "policy/address.h"

#include <algorithm>
#include <charconv>
#include <cstddef>

#include "base/text.h"


namespace doorward::policy {
namespace {

/// Reads a decimal of at most three digits without leading zeros, at most `max`; moves `text` behind it.
std::optional<unsigned> take_decimal(std::string_view& text, unsigned max) {
  std::size_t digits = 0;
  unsigned value = 0;
  while (digits < text.size() && digits < 4 && is_digit(text[digits])) {
    value = value * 10 + static_cast<unsigned>(text[digits++] - '0');
  }
  if (digits == 0 || digits > 3 || (digits > 1 && text[0] == '0') || value > max) return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

bool parse_v4(std::string_view text, std::uint8_t* out) {
  for (int i = 0; i < 4; ++i) {
    if (i != 0) {
      if (!text.starts_with('.')) return false;
      text.remove_prefix(1);
    }
    const auto octet = take_decimal(text, 255);
    if (!octet) return false;
    out[i] = static_cast<std::uint8_t>(*octet);
  }
  return text.empty();
}

bool parse_v6(std::string_view text, std::array<std::uint8_t, 16>& out) {
  std::array<std::uint8_t, 16> bytes{};
  std::size_t filled = 0;
  std::optional<std::size_t> gap;
  if (text.starts_with("::")) {
    gap = 0;
    text.remove_prefix(2);
  }
  while (!text.empty()) {
    if (filled >= 16) return false;
    const std::size_t colon = text.find(':');
    const std::string_view group = text.substr(0, colon);
    if (group.find('.') != std::string_view::npos) {
      if (colon != std::string_view::npos || filled > 12 || !parse_v4(group, bytes.data() + filled))
        return false;
      filled += 4;
      text = {};
      break;
    }
    if (group.empty() || group.size() > 4 || !std::ranges::all_of(group, is_hex)) return false;
    unsigned value = 0;
    std::from_chars(group.data(), group.data() + group.size(), value, 16);
    bytes[filled++] = static_cast<std::uint8_t>(value >> 8);
    bytes[filled++] = static_cast<std::uint8_t>(value & 0xFF);
    if (colon == std::string_view::npos) {
      text = {};
    } else {
      text.remove_prefix(colon + 1);
      if (text.starts_with(':')) {
        if (gap) return false;
        gap = filled;
        text.remove_prefix(1);
      } else if (text.empty()) {
        return false;
      }
    }
  }
  if (gap) {
    if (filled > 14) return false;
    const std::size_t tail = filled - *gap;
    std::copy_backward(bytes.begin() + static_cast<std::ptrdiff_t>(*gap),
                       bytes.begin() + static_cast<std::ptrdiff_t>(filled), bytes.end());
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(*gap),
              bytes.end() - static_cast<std::ptrdiff_t>(tail), std::uint8_t{0});
  } else if (filled != 16) {
    return false;
  }
  out = bytes;
  return true;
}

bool is_mapped(const std::array<std::uint8_t, 16>& bytes) {
  return std::all_of(bytes.begin(), bytes.begin() + 10, [](std::uint8_t b) { return b == 0; }) &&
         bytes[10] == 0xFF && bytes[11] == 0xFF;
}

/// RFC 5952 section 4, lower case.
std::string canonical_v6(const std::array<std::uint8_t, 16>& bytes) {
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i) groups[i] = static_cast<unsigned>(bytes[2 * i]) << 8 | bytes[2 * i + 1];
  std::size_t best = 8;
  std::size_t best_length = 1;
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t length = 0;
    while (i + length < 8 && groups[i + length] == 0) ++length;
    if (length > best_length) {
      best = i;
      best_length = length;
    }
  }
  std::string out;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == best) {
      out += "::";
      i += best_length - 1;
      continue;
    }
    if (!out.empty() && !out.ends_with(':')) out += ':';
    std::array<char, 4> hex{};
    const auto end = std::to_chars(hex.data(), hex.data() + hex.size(), groups[i], 16).ptr;
    out.append(hex.data(), end);
  }
  return out;
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  Address address;
  if (text.find(':') == std::string_view::npos) {
    if (!parse_v4(text, address.bytes.data() + 12)) return std::nullopt;
    address.bytes[10] = address.bytes[11] = 0xFF;
    address.v4 = true;
    return address;
  }
  if (!parse_v6(text, address.bytes)) return std::nullopt;
  address.v4 = is_mapped(address.bytes);
  return address;
}

bool is_canonical_v6(std::string_view text) {
  std::array<std::uint8_t, 16> bytes{};
  return parse_v6(text, bytes) && !is_mapped(bytes) && equal_ignoring_case(text, canonical_v6(bytes));
}

std::expected<void, std::string> Networks::add(std::string_view network) {
  const std::size_t slash = network.find('/');
  const std::string_view spelled = network.substr(0, slash);
  const auto address = parse_address(spelled);
  if (!address) return std::unexpected("it is no IP network; write it as 10.0.0.0/8 or 2001:db8::/32");
  const bool dotted = spelled.find(':') == std::string_view::npos;
  const unsigned width = dotted ? 32 : 128;
  if (slash == std::string_view::npos) {
    return std::unexpected("it has no prefix; write one address as " + std::string(spelled) + "/" +
                           std::to_string(width));
  }
  std::string_view rest = network.substr(slash + 1);
  const auto prefix = take_decimal(rest, width);
  if (!prefix || !rest.empty()) {
    return std::unexpected("its prefix is not a number from 0 to " + std::to_string(width));
  }
  const unsigned bits = *prefix + 128 - width;
  for (unsigned bit = bits; bit < 128; ++bit) {
    if ((address->bytes[bit / 8] >> (7 - bit % 8) & 1) != 0) {
      return std::unexpected("it has bits set behind its prefix; host bits must be zero");
    }
  }
  networks_.push_back({*address, bits});
  return {};
}

std::optional<bool> Networks::hold(std::string_view text) const {
  const auto address = parse_address(text);
  if (!address) return std::nullopt;
  for (const Network& network : networks_) {
    // An IPv4 address lies in IPv4 networks only: ::/0 does not hold it.
    if (address->v4 != (network.address.v4 && network.bits >= 96)) continue;
    bool same = true;
    for (unsigned bit = 0; bit < network.bits && same; bit += 8) {
      const unsigned left = network.bits - bit;
      const auto mask = static_cast<std::uint8_t>(left >= 8 ? 0xFF : 0xFF << (8 - left));
      same = ((address->bytes[bit / 8] ^ network.address.bytes[bit / 8]) & mask) == 0;
    }
    if (same) return true;
  }
  return false;
}

}  // namespace doorward::policy
