#include "json/decimal.h"

#include <algorithm>

#include "base/text.h"

namespace doorward::json {

namespace {

constexpr std::int64_t kExponentBound = 100'000'000'000'000'000;  // 10^17

std::int64_t parse_exponent(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  std::int64_t value = 0;
  for (const char c : text) value = std::min(value * 10 + (c - '0'), kExponentBound);
  return negative ? -value : value;
}

}  // namespace

const char* scan_number(const char* p, const char* end, bool& in_short_form) {
  const char* const begin = p;
  bool exponent = false;
  if (p != end && *p == '-') ++p;
  if (p == end || !is_digit(*p)) return nullptr;
  if (*p == '0') {
    ++p;
  } else {
    while (p != end && is_digit(*p)) ++p;
  }
  if (p != end && *p == '.') {
    ++p;
    if (p == end || !is_digit(*p)) return nullptr;
    while (p != end && is_digit(*p)) ++p;
  }
  if (p != end && (*p == 'e' || *p == 'E')) {
    exponent = true;
    ++p;
    if (p != end && (*p == '+' || *p == '-')) ++p;
    if (p == end || !is_digit(*p)) return nullptr;
    while (p != end && is_digit(*p)) ++p;
  }
  in_short_form = !exponent && p - begin <= 400;
  return p;
}

Decimal::Decimal(std::string_view lexeme) {
  if (!lexeme.empty() && lexeme.front() == '-') {
    negative_ = true;
    lexeme.remove_prefix(1);
  }
  std::int64_t exponent = 0;
  if (const auto e = lexeme.find_first_of("eE"); e != std::string_view::npos) {
    exponent = parse_exponent(lexeme.substr(e + 1));
    lexeme = lexeme.substr(0, e);
  }
  const auto point = lexeme.find('.');
  whole_ = lexeme.substr(0, point);
  if (point != std::string_view::npos) fraction_ = lexeme.substr(point + 1);

  const auto whole_size = static_cast<std::int64_t>(whole_.size());
  const auto size = whole_size + static_cast<std::int64_t>(fraction_.size());
  if (const auto lead = whole_.find_first_not_of('0'); lead != std::string_view::npos) {
    first_ = static_cast<std::int64_t>(lead);
  } else if (const auto next = fraction_.find_first_not_of('0'); next != std::string_view::npos) {
    first_ = whole_size + static_cast<std::int64_t>(next);
  } else {
    return;
  }
  std::int64_t last = size;
  if (const auto tail = fraction_.find_last_not_of('0'); tail != std::string_view::npos) {
    last = whole_size + static_cast<std::int64_t>(tail) + 1;
  } else {
    last = static_cast<std::int64_t>(whole_.find_last_not_of('0')) + 1;
  }
  count_ = last - first_;
  magnitude_ = whole_size - first_ + exponent;
}

std::optional<Decimal> Decimal::parse(std::string_view text) {
  bool in_short_form = false;
  const char* const end = text.data() + text.size();
  if (scan_number(text.data(), end, in_short_form) != end || text.empty()) return std::nullopt;
  return Decimal(text);
}

char Decimal::digit(std::int64_t index) const {
  if (index >= count_) return '0';
  const auto at = static_cast<std::size_t>(first_ + index);
  return at < whole_.size() ? whole_[at] : fraction_[at - whole_.size()];
}

std::strong_ordering operator<=>(const Decimal& a, const Decimal& b) {
  if (a.is_zero() && b.is_zero()) return std::strong_ordering::equal;
  const int sign_a = a.is_zero() ? 0 : a.negative_ ? -1 : 1;
  const int sign_b = b.is_zero() ? 0 : b.negative_ ? -1 : 1;
  if (sign_a != sign_b) return sign_a <=> sign_b;
  const Decimal& small = sign_a > 0 ? a : b;
  const Decimal& large = sign_a > 0 ? b : a;
  if (small.magnitude_ != large.magnitude_) return small.magnitude_ <=> large.magnitude_;
  const std::int64_t common = std::min(small.count_, large.count_);
  for (std::int64_t i = 0; i < common; ++i) {
    if (const auto order = small.digit(i) <=> large.digit(i); order != 0) return order;
  }
  return small.count_ <=> large.count_;
}

std::optional<std::int64_t> Decimal::to_integer() const {
  if (!is_whole() || magnitude_ > 19) return std::nullopt;
  std::int64_t value = 0;
  for (std::int64_t i = 0; i < magnitude_; ++i) {
    const std::int64_t step = negative_ ? '0' - digit(i) : digit(i) - '0';
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, step, &value)) {
      return std::nullopt;
    }
  }
  return value;
}

std::expected<std::int64_t, AmountError> Decimal::to_millionths_rounded_up() const {
  if (is_zero()) return 0;
  if (negative_) return std::unexpected(AmountError::negative);
  static const Decimal kLargest("1e12");
  if (*this > kLargest) return std::unexpected(AmountError::too_large);
  const std::int64_t places = magnitude_ + 6;
  std::int64_t value = 0;
  for (std::int64_t i = 0; i < places; ++i) value = value * 10 + (digit(i) - '0');
  return count_ > places ? value + 1 : value;
}

}  // namespace doorward::json
