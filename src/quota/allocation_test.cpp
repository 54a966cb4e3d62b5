#include <gtest/gtest.h>

#include <array>

#include "base/count_allocations.h"
#include "quota/table.h"
#include "quota/test_support.h"

namespace doorward::quota {
namespace {

TEST(QuotaPath, ACallOnCountersThatExistAllocatesNothing) {
  Table table(kNewYear, 0);
  std::array<Demand, 3> demands = {demand("a", Window::minute(), 50), demand("b", Window::day(), 50),
                                   demand("c", Window::hour(), 50)};
  Reservation reservation;
  table.reserve(demands, at(kNewYear), reservation);
  table.release(reservation);
  const std::size_t before = test::allocations;
  for (int i = 0; i < 1'000; ++i) {  // the first fifty pass, the rest are refused, then the minute passes
    table.reserve(demands, table.at(kNewYear + i * kSecondUs, i * kSecondUs), reservation);
    if (i % 5 == 0) table.release(reservation);
    table.add_unchecked(demands, at(kNewYear + i * kSecondUs), reservation);
  }
  EXPECT_EQ(test::allocations, before);
}

}  // namespace
}  // namespace doorward::quota
