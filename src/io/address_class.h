#pragma once

#include <cstdint>
#include <string_view>

#include "io/socket.h"

namespace doorward::io {

/// What an address is for, by the special-purpose registries of IANA (RFC 6890 and its updates). An IPv6 address that
/// carries an IPv4 one (mapped, NAT64 of RFC 6052, 6to4, Teredo's server) is of the class of that one where it is not
/// global.
enum class AddressClass : std::uint8_t {
  global,
  loopback,    ///< 127/8, ::1
  private_,    ///< 10/8, 172.16/12, 192.168/16, 100.64/10, fc00::/7
  link_local,  ///< 169.254/16, fe80::/10: where clouds keep their metadata services
  special,     ///< unspecified, multicast, broadcast, documentation, benchmarking, reserved
};
AddressClass class_of(const Address& address);
std::string_view to_string(AddressClass kind);

/// Which addresses may be dialled for a URL, by who named it. Link-local and special ones never are.
enum class Reach : std::uint8_t {
  global,    ///< a peer named it: only what everybody can reach
  internal,  ///< the operator did, or a peer that is itself on a private or loopback address: those too
};
bool may_dial(const Address& address, Reach reach);

}  // namespace doorward::io
