#include <gtest/gtest.h>

#include <string>

#include "base/count_allocations.h"
#include "json/canonical.h"
#include "json/decimal.h"
#include "json/equal.h"
#include "json/reader.h"
#include "json/writer.h"

namespace doorward::json {
namespace {

TEST(Allocation, NoneOnceWarm) {
  std::string text =
      R"({"jsonrpc":"2.0","id":1,"params":{"name":"d\u0065lete","arguments":{"amount":1250.50,"list":[1,2,3]}},)";
  for (int i = 0; i < 40; ++i) text += "\"k" + std::to_string(i) + "\":null,";
  text += "\"last\":true}";
  Reader reader;
  Reader other;
  Canonical canonical;
  std::string out;
  std::string written;
  const auto work = [&] {
    const auto root = reader.read(text);
    const auto again = other.read(text);
    out.clear();
    canonical.append(*root, out);
    written.clear();
    Writer(written)
        .begin_object()
        .key("a")
        .string(root->find("params").find("name").string())
        .key("n")
        .number(7)
        .end_object();
    const Decimal amount(root->find("params").find("arguments").find("amount").number());
    return equal(*root, *again) && amount > Decimal("10") &&
           amount.to_millionths_rounded_up() == 1'250'500'000;
  };
  EXPECT_TRUE(work());
  const std::size_t before = test::allocations;
  EXPECT_TRUE(work());
  EXPECT_EQ(test::allocations - before, 0u);
}

}  // namespace
}  // namespace doorward::json
