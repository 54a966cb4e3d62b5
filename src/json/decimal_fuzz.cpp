// Two numbers, a byte of other text between them: Decimal agrees with arithmetic on written-out digits.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "json/decimal.h"
#include "json/test_reference.h"

namespace {

using namespace doorward::json;

// The slow reference writes every digit out, so it gets exponents of at most three digits.
bool is_short(std::string_view number) {
  const auto e = number.find_first_of("eE");
  return e == std::string_view::npos || number.size() - e <= 5;
}

void check_one(std::string_view text, const Decimal& number) {
  const testing::Expanded slow(text);
  if (number.in_range() != slow.in_range()) std::abort();
  if (number.is_zero() != slow.is_zero() || number.is_whole() != slow.is_whole()) std::abort();
  if (number.is_negative() != slow.negative) std::abort();
  const auto amount = number.to_millionths_rounded_up();
  const std::string said = amount                                    ? std::to_string(*amount)
                           : amount.error() == AmountError::negative ? "negative"
                                                                     : "too large";
  if (said != testing::millionths_slowly(text)) std::abort();
  const auto integer = number.to_integer();
  if (integer && testing::compare_slowly(std::to_string(*integer), text) != 0) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto split = text.find(' ');
  if (split == std::string_view::npos) return 0;
  const std::string_view first = text.substr(0, split);
  const std::string_view second = text.substr(split + 1);
  const auto a = Decimal::parse(first);
  const auto b = Decimal::parse(second);
  if (!a || !b) return 0;
  const auto order = *a <=> *b;
  if ((*b <=> *a) != (0 <=> order)) std::abort();
  if (!is_short(first) || !is_short(second)) return 0;
  check_one(first, *a);
  check_one(second, *b);
  const int slow = testing::compare_slowly(first, second);
  if ((order < 0 ? -1 : order > 0 ? 1 : 0) != slow) std::abort();
  return 0;
}
