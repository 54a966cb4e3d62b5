#pragma once

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

namespace doorward::json::testing {

/// A number written out in full, digit by digit: the slow way that Decimal is checked against. For exponents
/// of a few hundred.
struct Expanded {
  explicit Expanded(std::string_view lexeme) {
    std::string text(lexeme);
    if (text[0] == '-') negative = true, text.erase(0, 1);
    long exponent = 0;
    if (const auto e = text.find_first_of("eE"); e != std::string::npos) {
      exponent = std::strtol(text.c_str() + e + 1, nullptr, 10);
      text.erase(e);
    }
    const auto point = text.find('.');
    whole = text.substr(0, point);
    if (point != std::string::npos) fraction = text.substr(point + 1);
    for (; exponent > 0; --exponent) {
      whole += fraction.empty() ? '0' : fraction[0];
      if (!fraction.empty()) fraction.erase(0, 1);
    }
    for (; exponent < 0; ++exponent) {
      fraction.insert(0, 1, whole.empty() ? '0' : whole.back());
      if (!whole.empty()) whole.pop_back();
    }
    while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
    whole.erase(
        0, whole.find_first_not_of('0') == std::string::npos ? whole.size() : whole.find_first_not_of('0'));
    if (is_zero()) negative = false;
  }

  bool is_zero() const { return whole.empty() && fraction.empty(); }
  bool is_whole() const { return fraction.empty(); }
  bool in_range() const { return whole.size() <= 400 && fraction.size() <= 400; }

  bool negative = false;
  std::string whole;     // without leading zeros
  std::string fraction;  // without trailing zeros
};

inline int compare_slowly(std::string_view a, std::string_view b) {
  const Expanded x(a);
  const Expanded y(b);
  if (x.negative != y.negative) return x.negative ? -1 : 1;
  const auto magnitude = [](const Expanded& l, const Expanded& r) {
    if (l.whole.size() != r.whole.size()) return l.whole.size() < r.whole.size() ? -1 : 1;
    const int whole = l.whole.compare(r.whole);
    const int result = whole != 0 ? whole : l.fraction.compare(r.fraction);
    return result < 0 ? -1 : result > 0 ? 1 : 0;
  };
  return x.negative ? magnitude(y, x) : magnitude(x, y);
}

/// The amount in millionths, rounded up, in decimal; or "negative" or "too large".
inline std::string millionths_slowly(std::string_view lexeme) {
  const Expanded x(lexeme);
  if (x.negative) return "negative";
  if (compare_slowly(lexeme, "1000000000000") > 0) return "too large";
  std::string places = x.fraction.substr(0, 6);
  places.resize(6, '0');
  std::string digits = "0" + x.whole + places;
  if (x.fraction.size() > 6) {
    auto at = digits.size();
    while (digits[--at] == '9') digits[at] = '0';
    ++digits[at];
  }
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
  return digits;
}

}  // namespace doorward::json::testing
