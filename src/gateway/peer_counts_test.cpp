#include "gateway/peer_counts.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace doorward::gateway {
namespace {

TEST(PeerCounts, TheCapHoldsForEachPeer_T104) {
  PeerCounts counts;
  EXPECT_TRUE(counts.enter("a", 2));
  EXPECT_TRUE(counts.enter("a", 2));
  EXPECT_FALSE(counts.enter("a", 2));
  EXPECT_TRUE(counts.enter("b", 2));
  counts.leave("a", 2);
  EXPECT_TRUE(counts.enter("a", 2));
  EXPECT_FALSE(counts.enter("a", 2));
}

TEST(PeerCounts, ARefusalCountsNothing) {
  PeerCounts counts;
  EXPECT_TRUE(counts.enter("a", 1));
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(counts.enter("a", 1));
  counts.leave("a", 1);
  EXPECT_TRUE(counts.enter("a", 1));
}

TEST(PeerCounts, NoCapIsNoCount) {
  PeerCounts counts;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(counts.enter("a", 0));
  counts.leave("a", 0);
  EXPECT_TRUE(counts.enter("a", 1));
}

TEST(PeerCounts, LeavingWithoutHavingEnteredGivesNoCredit) {
  PeerCounts counts;
  counts.leave("a", 1);
  EXPECT_TRUE(counts.enter("a", 1));
  EXPECT_FALSE(counts.enter("a", 1));
}

TEST(PeerCounts, ManyThreadsNeverExceedTheCap) {
  PeerCounts counts;
  std::atomic<int> inside = 0, most = 0, entered = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) {
        if (!counts.enter("a", 3)) continue;
        ++entered;
        const int now = ++inside;
        for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) continue;
        --inside;
        counts.leave("a", 3);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most, 3);
  EXPECT_GT(entered, 0);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(counts.enter("a", 3));
  EXPECT_FALSE(counts.enter("a", 3));
}

}  // namespace
}  // namespace doorward::gateway
