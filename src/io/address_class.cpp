#include "io/address_class.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

namespace doorward::io {
namespace {

struct Block4 {
  std::uint32_t network;
  int bits;
  AddressClass kind;
};

constexpr std::uint32_t v4(unsigned a, unsigned b, unsigned c, unsigned d) {
  return a << 24 | b << 16 | c << 8 | d;
}

using enum AddressClass;

constexpr std::array kBlocks4 = {
    Block4{v4(0, 0, 0, 0), 8, special},         Block4{v4(10, 0, 0, 0), 8, private_},
    Block4{v4(100, 64, 0, 0), 10, private_},    Block4{v4(127, 0, 0, 0), 8, loopback},
    Block4{v4(169, 254, 0, 0), 16, link_local}, Block4{v4(172, 16, 0, 0), 12, private_},
    Block4{v4(192, 0, 0, 0), 24, special},      Block4{v4(192, 0, 2, 0), 24, special},
    Block4{v4(192, 88, 99, 0), 24, special},    Block4{v4(192, 168, 0, 0), 16, private_},
    Block4{v4(198, 18, 0, 0), 15, special},     Block4{v4(198, 51, 100, 0), 24, special},
    Block4{v4(203, 0, 113, 0), 24, special},    Block4{v4(224, 0, 0, 0), 3, special},
};

AddressClass class_of4(std::uint32_t address) {
  for (const Block4& block : kBlocks4) {
    if ((address ^ block.network) >> (32 - block.bits) == 0) return block.kind;
  }
  return global;
}

std::uint32_t read4(const std::uint8_t* bytes) {
  return v4(bytes[0], bytes[1], bytes[2], bytes[3]);
}

bool begins(const std::uint8_t* bytes, std::span<const std::uint8_t> prefix) {
  return std::equal(prefix.begin(), prefix.end(), bytes);
}

AddressClass class_of6(const std::uint8_t* bytes) {
  static constexpr std::array<std::uint8_t, 12> kZero{};
  static constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  static constexpr std::array<std::uint8_t, 12> kNat64{0, 0x64, 0xff, 0x9b};
  static constexpr std::array<std::uint8_t, 4> kTeredo{0x20, 0x01, 0, 0};
  static constexpr std::array<std::uint8_t, 4> kDocumentation{0x20, 0x01, 0x0d, 0xb8};
  if (begins(bytes, kMapped)) return class_of4(read4(bytes + 12));
  if (begins(bytes, kNat64)) return class_of4(read4(bytes + 12));
  if (begins(bytes, kZero)) return read4(bytes + 12) == 1 ? loopback : special;
  if (bytes[0] == 0x20 && bytes[1] == 0x02) return class_of4(read4(bytes + 2));
  if (begins(bytes, kTeredo)) return special;
  if (begins(bytes, kDocumentation)) return special;
  if ((bytes[0] & 0xfe) == 0xfc) return private_;
  if (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80) return link_local;
  if (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0xc0) return private_;  // site-local, RFC 3879
  return (bytes[0] & 0xe0) == 0x20 ? global : special;  // 2000::/3 is all that is assigned
}

}  // namespace

AddressClass class_of(const Address& address) {
  if (address.empty()) return special;
  if (address.raw()->sa_family == AF_INET) {
    sockaddr_in raw;
    std::memcpy(&raw, address.raw(), sizeof(raw));
    return class_of4(ntohl(raw.sin_addr.s_addr));
  }
  sockaddr_in6 raw;
  std::memcpy(&raw, address.raw(), sizeof(raw));
  return class_of6(raw.sin6_addr.s6_addr);
}

std::string_view to_string(AddressClass kind) {
  static constexpr std::array<std::string_view, 5> kNames = {"global", "loopback", "private", "link-local",
                                                             "special-purpose"};
  return kNames[static_cast<std::size_t>(kind)];
}

bool may_dial(const Address& address, Reach reach) {
  const AddressClass kind = class_of(address);
  if (kind == global) return true;
  return reach == Reach::internal && (kind == loopback || kind == private_);
}

}  // namespace doorward::io
