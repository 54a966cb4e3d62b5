#include "base/work_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>

namespace doorward {
namespace {

TEST(WorkPool, RunsWhatItTook) {
  std::atomic<int> ran = 0;
  std::latch all(8);
  WorkPool pool(2, 8);
  for (int i = 0; i < 8; ++i) {
    while (!pool.run([&] {
      ++ran;
      all.count_down();
    })) {
      std::this_thread::yield();
    }
  }
  all.wait();
  EXPECT_EQ(ran, 8);
}

TEST(WorkPool, RefusesWhileTooMuchWaits) {
  std::latch started(1);
  std::latch go(1);
  std::atomic<int> ran = 0;
  {
    WorkPool pool(1, 1);
    ASSERT_TRUE(pool.run([&] {
      started.count_down();
      go.wait();
      ++ran;
    }));
    started.wait();
    EXPECT_TRUE(pool.run([&] { ++ran; }));
    EXPECT_FALSE(pool.run([&] { ++ran; }));
    go.count_down();
  }
  EXPECT_GE(ran, 1);
  EXPECT_LE(ran, 2);
}

}  // namespace
}  // namespace doorward
