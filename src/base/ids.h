#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace doorward {

/// A random UUID (RFC 9562 version 4) in lower case with hyphens.
std::string make_uuid();

/// Whether the text is a UUID in that spelling, of any version.
bool is_uuid(std::string_view text);

/// The id of one decision, `dec_` and 16 characters of lower-case base32 (80 random bits): short enough for a
/// person to read out, unguessable, without allocation.
class DecisionId {
 public:
  static constexpr std::size_t kSize = 20;
  std::string_view view() const { return {text_.data(), kSize}; }

 private:
  friend class DecisionIds;
  std::array<char, kSize> text_{};
};

/// Makes decision ids from bytes of the system's generator that it fetches by the page, so that an id costs
/// no system call. One per worker; not thread-safe. A fork must not use its parent's object.
class DecisionIds {
 public:
  DecisionId next();

 private:
  std::array<std::uint8_t, 2560> pool_{};
  std::size_t used_ = sizeof(pool_);
};

}  // namespace doorward
