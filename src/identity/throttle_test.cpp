#include "identity/throttle.h"

#include <gtest/gtest.h>

namespace doorward::identity {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

TEST(Throttle, T220_TriesOfOnePairWaitLongerAndLonger) {
  Throttle throttle;
  std::int64_t now = 0;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(throttle.begin("alice", "10.0.0.1", now), 0);
  EXPECT_EQ(throttle.begin("alice", "10.0.0.1", now), kSecond);
  now += kSecond;
  EXPECT_EQ(throttle.begin("alice", "10.0.0.1", now), 0);
  EXPECT_EQ(throttle.begin("alice", "10.0.0.1", now), 2 * kSecond);
  EXPECT_EQ(throttle.begin("alice", "10.0.0.1", now + kSecond), kSecond);
}

TEST(Throttle, T220_ManyTriesInAMinuteAreFew) {
  Throttle throttle;
  int went = 0;
  for (std::int64_t i = 0; i < 1'000; ++i) went += throttle.begin("alice", "10.0.0.1", i * 60'000) == 0 ? 1 : 0;
  EXPECT_LE(went, 12);
}

TEST(Throttle, T220_TheGoodUserElsewhereIsNotHeldUp) {
  Throttle throttle;
  EXPECT_EQ(throttle.begin("alice", "10.0.0.9", 0), 0);
  throttle.succeeded("alice", "10.0.0.9", 0);
  for (int address = 0; address < 200; ++address) {
    throttle.begin("alice", "192.0.2." + std::to_string(address), kSecond);
  }
  EXPECT_EQ(throttle.begin("alice", "10.0.0.9", kSecond), 0);
  EXPECT_GT(throttle.begin("alice", "198.51.100.1", kSecond), 0);
}

TEST(Throttle, T220_ManyNamesFromOneAddressWait) {
  Throttle throttle;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(throttle.begin("user" + std::to_string(i), "10.0.0.1", 0), 0);
  EXPECT_GT(throttle.begin("another", "10.0.0.1", 0), 0);
  EXPECT_EQ(throttle.begin("another", "10.0.0.2", 0), 0);
}

TEST(Throttle, SuccessBeginsAnew) {
  Throttle throttle;
  for (int i = 0; i < 4; ++i) throttle.begin("alice", "10.0.0.1", 0);
  EXPECT_EQ(throttle.begin("alice", "10.0.0.1", 0), 0);
  throttle.succeeded("alice", "10.0.0.1", 0);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(throttle.begin("alice", "10.0.0.1", 0), 0);
}

TEST(Throttle, ForgetsInAnHour) {
  Throttle throttle;
  for (int i = 0; i < 5; ++i) throttle.begin("alice", "10.0.0.1", 0);
  EXPECT_EQ(throttle.begin("alice", "10.0.0.1", 3'601 * kSecond), 0);
  EXPECT_EQ(throttle.begin("alice", "10.0.0.1", 3'601 * kSecond), 0);
}

TEST(Throttle, IsBounded) {
  Throttle throttle;
  for (std::size_t i = 0; i < Throttle::kMostEntries; ++i) {
    throttle.begin("name" + std::to_string(i), "2001:db8::" + std::to_string(i), 0);
  }
  EXPECT_EQ(throttle.begin("alice", "10.0.0.1", 0), 0);
}

}  // namespace
}  // namespace doorward::identity
