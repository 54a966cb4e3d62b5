#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace doorward {

/// The bytes of a text, for the functions that take bytes. Refers to `text`.
inline std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// Lower-case hexadecimal, appended to `out`. Allocates only when `out` must grow, as all append_ functions.
void append_hex(std::string& out, std::span<const std::uint8_t> bytes);
std::string to_hex(std::span<const std::uint8_t> bytes);
/// The bytes that `text` spells, either case; nothing unless it is an even number of hexadecimal digits.
std::optional<std::string> from_hex(std::string_view text);

enum class Base64 : std::uint8_t {
  standard,  ///< RFC 4648 section 4: `+` and `/`, padded with `=`
  url,       ///< RFC 4648 section 5: `-` and `_`, without padding (as JWS and our tokens use it)
};

void append_base64(std::string& out, std::span<const std::uint8_t> bytes, Base64 kind = Base64::standard);
std::string to_base64(std::span<const std::uint8_t> bytes, Base64 kind = Base64::standard);
/// Strict: exactly the one text that to_base64 makes of some bytes, so that two texts never mean the same.
/// Nothing on a foreign character, white space, missing or surplus padding, or unused bits that are not zero.
std::optional<std::string> from_base64(std::string_view text, Base64 kind = Base64::standard);

/// Lower-case base32 over `0123456789abcdefghjkmnpqrstvwxyz` (Crockford's set, no i l o u), most significant
/// bit first, without padding: 16 bytes make 26 characters.
void append_base32(std::string& out, std::span<const std::uint8_t> bytes);
/// Strict inverse, lower case only; nothing on a foreign character, an impossible length or unused bits that
/// are not zero.
std::optional<std::string> from_base32(std::string_view text);

}  // namespace doorward
