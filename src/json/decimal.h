#pragma once

#include <compare>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

namespace doorward::json {

/// Why a number is no amount for a limit (policy.md section 5).
enum class AmountError : std::uint8_t {
  negative,   ///< below zero; -0 is not
  too_large,  ///< above 10^12
};

/// A number of JSON by its exact decimal value; never through a double (policy.md section 4). A view: it
/// refers into the lexeme it was made from, which must outlive it. Copying is free, nothing allocates.
class Decimal {
 public:
  /// Zero.
  constexpr Decimal() = default;

  /// From a number as RFC 8259 spells it (what Value::number() returns). Another spelling breaks an
  /// invariant; text of unknown origin goes through `parse`.
  explicit Decimal(std::string_view lexeme);

  /// Nothing if `text` is not a JSON number from its first to its last byte.
  static std::optional<Decimal> parse(std::string_view text);

  bool is_zero() const { return count_ == 0; }
  bool is_negative() const { return negative_ && count_ != 0; }  ///< -0 is not
  /// A whole number, however it is spelled: 1e2 and 1.0 are.
  bool is_whole() const { return count_ <= magnitude_; }

  /// At most 400 digits on either side of the point by value: 1e399 and 1e-400 are in range, 1e400 and
  /// 1e-401 are not; zero is, whatever its exponent.
  bool in_range() const { return is_zero() || (magnitude_ <= 400 && count_ - magnitude_ <= 400); }

  /// Exact three-way comparison by value; -0 equals 0 and 1.0 equals 1. Exponents beyond 10^17 count as that:
  /// such numbers are out of range anyway.
  friend std::strong_ordering operator<=>(const Decimal& a, const Decimal& b);
  friend bool operator==(const Decimal& a, const Decimal& b) { return (a <=> b) == 0; }

  /// The value as a 64-bit integer; nothing if it is not whole or does not fit.
  std::optional<std::int64_t> to_integer() const;

  /// The amount a call adds to a limit, in millionths, rounded up to six decimals: 0 to 10^18.
  std::expected<std::int64_t, AmountError> to_millionths_rounded_up() const;

 private:
  char digit(std::int64_t index) const;

  // The value is 0.d1 d2 ... dn times 10^magnitude_, where d1 and dn are not '0' and n is count_. The digits
  // lie before and after the point of the lexeme.
  std::string_view whole_;
  std::string_view fraction_;
  std::int64_t first_ = 0;  // index of d1 in whole_ followed by fraction_
  std::int64_t count_ = 0;
  std::int64_t magnitude_ = 0;
  bool negative_ = false;
};

/// The end of the JSON number that starts at `p`, or nullptr if none does. `in_short_form` becomes true when
/// the number has neither an exponent nor more than 400 characters, so that it is in range for sure.
const char* scan_number(const char* p, const char* end, bool& in_short_form);

}  // namespace doorward::json
