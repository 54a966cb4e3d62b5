#include "json/decimal.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>

#include "json/test_random.h"
#include "json/test_reference.h"

namespace doorward::json {
namespace {

int order(std::string_view a, std::string_view b) {
  const auto result = Decimal(a) <=> Decimal(b);
  return result < 0 ? -1 : result > 0 ? 1 : 0;
}

TEST(Decimal, T020_T021_T174_ComparesExactly) {
  struct Case {
    std::string a, b;
    int wanted;
  };
  const Case cases[] = {{"10000.0000000000000001", "10000", 1},
                        {"9007199254740993", "9007199254740992", 1},
                        {"1e4", "10000", 0},
                        {"10000.0", "1E+4", 0},
                        {"-0", "0", 0},
                        {"0e99999999999999999999", "-0.000", 0},
                        {"1", "1.0", 0},
                        {"10e-1", "1e0", 0},
                        {"-1", "1", -1},
                        {"-2", "-1", -1},
                        {"-1.5", "-1.50", 0},
                        {"0.1", "0.09", 1},
                        {"0.001", "1e-3", 0},
                        {"100", "99.999", 1},
                        {"1e400", "9e399", 1},
                        {"1e-400", "0", 1},
                        {"-1e-400", "0", -1},
                        {"1e99999999999", "1e99999999998", 1},
                        {"1e-99999999999", "1", -1},
                        {"123e2", "12300.000", 0},
                        {"12", "120", -1}};
  for (const Case& c : cases) {
    EXPECT_EQ(order(c.a, c.b), c.wanted) << c.a << " " << c.b;
    EXPECT_EQ(order(c.b, c.a), -c.wanted) << c.b << " " << c.a;
  }
}

TEST(Decimal, Range) {
  for (const std::string_view in : {"0", "1e399", "-1e399", "1e-400", "0e9999999999999999999999", "1.5e398",
                                    "10e398", "0.1e400", "100e-402"}) {
    EXPECT_TRUE(Decimal(in).in_range()) << in;
  }
  for (const std::string_view out : {"1e400", "-1e400", "1e-401", "11e-401", "10e399", "1.1e-400",
                                     "1e9223372036854775808", "1e-9223372036854775809"}) {
    EXPECT_FALSE(Decimal(out).in_range()) << out;
  }
  EXPECT_TRUE(Decimal("1" + std::string(399, '0')).in_range());
  EXPECT_FALSE(Decimal("1" + std::string(400, '0')).in_range());
  EXPECT_TRUE(Decimal("1." + std::string(2000, '0')).in_range());
}

TEST(Decimal, Parse) {
  for (const std::string_view good : {"0", "-0", "10", "1.5", "1e5", "1E-5", "0.0"}) {
    EXPECT_TRUE(Decimal::parse(good)) << good;
  }
  for (const std::string_view bad :
       {"", "-", "+1", "01", ".5", "1.", "1e", "1e+", "0x1", "1 ", " 1", "1a", "--1", "NaN"}) {
    EXPECT_FALSE(Decimal::parse(bad)) << bad;
  }
}

TEST(Decimal, Integers) {
  EXPECT_EQ(Decimal("0").to_integer(), 0);
  EXPECT_EQ(Decimal("-0.0").to_integer(), 0);
  EXPECT_EQ(Decimal("1e3").to_integer(), 1000);
  EXPECT_EQ(Decimal("12.50e1").to_integer(), 125);
  EXPECT_EQ(Decimal("9223372036854775807").to_integer(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(Decimal("-9223372036854775808").to_integer(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(Decimal("9223372036854775808").to_integer(), std::nullopt);
  EXPECT_EQ(Decimal("-9223372036854775809").to_integer(), std::nullopt);
  EXPECT_EQ(Decimal("1e19").to_integer(), std::nullopt);
  EXPECT_EQ(Decimal("1.5").to_integer(), std::nullopt);
  EXPECT_EQ(Decimal("1e-1").to_integer(), std::nullopt);
}

TEST(Decimal, AmountsRoundUpToMillionths) {
  EXPECT_EQ(Decimal("0").to_millionths_rounded_up(), 0);
  EXPECT_EQ(Decimal("-0.0").to_millionths_rounded_up(), 0);
  EXPECT_EQ(Decimal("1").to_millionths_rounded_up(), 1'000'000);
  EXPECT_EQ(Decimal("1250.50").to_millionths_rounded_up(), 1'250'500'000);
  EXPECT_EQ(Decimal("0.000001").to_millionths_rounded_up(), 1);
  EXPECT_EQ(Decimal("0.0000001").to_millionths_rounded_up(), 1);
  EXPECT_EQ(Decimal("1e-400").to_millionths_rounded_up(), 1);
  EXPECT_EQ(Decimal("1.0000001").to_millionths_rounded_up(), 1'000'001);
  EXPECT_EQ(Decimal("1e12").to_millionths_rounded_up(), 1'000'000'000'000'000'000);
  EXPECT_EQ(Decimal("999999999999.9999999").to_millionths_rounded_up(), 1'000'000'000'000'000'000);
  EXPECT_EQ(Decimal("1000000000000.0000001").to_millionths_rounded_up().error(), AmountError::too_large);
  EXPECT_EQ(Decimal("1e399").to_millionths_rounded_up().error(), AmountError::too_large);
  EXPECT_EQ(Decimal("-1").to_millionths_rounded_up().error(), AmountError::negative);
  EXPECT_EQ(Decimal("-1e-400").to_millionths_rounded_up().error(), AmountError::negative);
}

RC_GTEST_PROP(Decimal, AgreesWithLongArithmetic, (std::uint64_t seed)) {
  testing::Samples samples(seed);
  const std::string a = samples.number();
  // Near neighbours are where a comparison goes wrong, so half of the pairs differ in one digit or by an
  // exponent.
  std::string b = samples.number();
  if (samples.below(2) == 0) {
    b = a;
    auto& digit = b[samples.below(b.size())];
    if (digit >= '1' && digit <= '9') digit = static_cast<char>('1' + samples.below(9));
    if (samples.below(3) == 0 && b.find_first_of("eE") == std::string::npos) b += "e0";
  }
  RC_ASSERT(order(a, b) == testing::compare_slowly(a, b));
  RC_ASSERT(Decimal(a).is_whole() == testing::Expanded(a).is_whole());
  const auto amount = Decimal(a).to_millionths_rounded_up();
  const std::string slow = testing::millionths_slowly(a);
  RC_ASSERT((amount                                    ? std::to_string(*amount)
             : amount.error() == AmountError::negative ? "negative"
                                                       : "too large") == slow);
}

}  // namespace
}  // namespace doorward::json
