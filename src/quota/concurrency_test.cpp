#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <random>
#include <thread>
#include <vector>

#include "quota/table.h"
#include "quota/test_support.h"

namespace doorward::quota {
namespace {

constexpr int kThreads = 8;

template <typename Work>
void in_parallel(Work&& work) {
  std::barrier start(kThreads);
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      work(i);
    });
  }
}

TEST(QuotaConcurrency, T293_OfAThousandCallsExactlyAHundredPass) {
  for (int round = 0; round < 100; ++round) {
    Table table(kNewYear, 0);
    std::atomic<int> passed = 0;
    in_parallel([&](int) {
      Reservation reservation;
      for (int i = 0; i < 1'000 / kThreads; ++i) {
        std::vector<Demand> demands = {demand("other", Window::hour(), 1'000'000),
                                       demand("limit", Window::minute(), 100),
                                       demand("day", Window::day(), 1'000'000)};
        if (i % 2 != 0) std::swap(demands[0], demands[2]);
        passed += table.reserve(demands, at(kNewYear), reservation).granted();
      }
    });
    ASSERT_EQ(passed, 100) << round;
    EXPECT_EQ(table.count(demand("other", Window::hour(), 0).key, at(kNewYear)), 100 * kOne);
    EXPECT_EQ(table.count(demand("day", Window::day(), 0).key, at(kNewYear)), 100 * kOne);
  }
}

// Each thread's calls need one unit of a wide and one of a full counter, so that all of them fail; meanwhile
// another asks for exactly what is left of the wide one and must always get it.
TEST(QuotaConcurrency, NobodyIsRefusedForWhatAnotherCallDoesNotGet) {
  Table table(kNewYear, 0);
  const Demand wide = demand("wide", Window::minute(), 10);
  const Demand full = demand("full", Window::minute(), 0);
  std::atomic<int> refused = 0;
  std::atomic<int> wrongly_granted = 0;
  in_parallel([&](int thread) {
    Reservation reservation;
    for (int i = 0; i < 20'000; ++i) {
      if (thread == 0) {
        Demand all = wide;
        all.amount = 10 * kOne;
        refused += !table.reserve({&all, 1}, at(kNewYear), reservation).granted();
        table.release(reservation);
      } else {
        std::vector<Demand> demands = {wide, full};
        wrongly_granted += table.reserve(demands, at(kNewYear), reservation).granted();
      }
    }
  });
  EXPECT_EQ(refused, 0);
  EXPECT_EQ(wrongly_granted, 0);
}

// Random sets of counters, refunds, observers, sweeps and snapshots at once: at the end every count is what
// was kept.
TEST(QuotaConcurrency, CountsAddUpWhateverRunsBeside) {
  constexpr int kCounters = 12;
  Table table(kNewYear, 0, {.counters = 16});
  std::atomic<std::int64_t> kept[kCounters] = {};
  std::atomic<std::int64_t> time_us = kNewYear;
  in_parallel([&](int thread) {
    std::mt19937_64 random(static_cast<unsigned>(thread));
    Reservation reservation;
    for (int i = 0; i < 4'000; ++i) {
      const Now now = at(time_us.fetch_add(10));
      const auto action = random() % 16;
      if (action == 0) {
        table.sweep(now, 8);
        continue;
      }
      if (action == 1 && i % 16 == 0) {
        table.serialise("here", now);
        continue;
      }
      std::vector<Demand> demands;
      std::vector<int> of;
      for (int k = 0; k < kCounters; ++k) {
        if (random() % 4 != 0) continue;
        demands.push_back(demand("c" + std::to_string(k), k % 2 ? Window::day() : Window::hour(), 3'000));
        of.push_back(k);
      }
      const bool granted = action < 4 ? (table.add_unchecked(demands, now, reservation), true)
                                      : table.reserve(demands, now, reservation).granted();
      if (!granted) continue;
      if (random() % 3 == 0) {
        table.release(reservation);
      } else {
        for (int k : of) kept[k] += kOne;
      }
    }
  });
  for (int k = 0; k < kCounters; ++k) {
    const CounterKey key = demand("c" + std::to_string(k), k % 2 ? Window::day() : Window::hour(), 0).key;
    EXPECT_EQ(table.count(key, at(time_us)), kept[k]) << k;
  }
}

// Many calls over counters that are dropped as soon as they are empty, so that one place serves several keys
// while a call looks its counters up: each demand is counted under its own key.
TEST(QuotaConcurrency, APlaceThatChangesHandsDuringALookupIsNoticed) {
  constexpr int kCounters = 6;
  Table table(kNewYear, 0);
  std::atomic<int> wrong = 0;
  in_parallel([&](int thread) {
    std::mt19937_64 random(static_cast<unsigned>(100 + thread));
    Reservation reservation;
    for (int i = 0; i < 6'000; ++i) {
      std::vector<Demand> demands;
      for (int k = 0; k < kCounters; ++k) {
        if (random() % 2 == 0) demands.push_back(demand("c" + std::to_string(k), Window::hour(), 1'000'000));
      }
      wrong += !table.reserve(demands, at(kNewYear), reservation).granted();
      table.release(reservation);
      table.sweep(at(kNewYear), 4);
    }
  });
  EXPECT_EQ(wrong, 0);
  for (int k = 0; k < kCounters; ++k) {
    EXPECT_EQ(table.count(demand("c" + std::to_string(k), Window::hour(), 0).key, at(kNewYear)), 0) << k;
  }
}

// Counters come and go under a small cap while others are found: nothing is ever counted for a stranger.
TEST(QuotaConcurrency, ReusedCountersNeverMixTheirCounts) {
  Table table(kNewYear, 0, {.counters = 32});
  std::atomic<std::int64_t> time_us = kNewYear;
  std::atomic<int> strangers = 0;
  in_parallel([&](int thread) {
    Reservation reservation;
    for (int i = 0; i < 4'000; ++i) {
      Demand own = demand("t" + std::to_string(thread) + "-" + std::to_string(i), Window::rolling(1), 1);
      const std::int64_t us = time_us.fetch_add(20'000);
      const Outcome outcome = table.reserve({&own, 1}, at(us), reservation);
      strangers += own.count_before != 0 || outcome.kind == Outcome::Kind::no_room;
      if (i % 3 == 0) table.release(reservation);
    }
  });
  EXPECT_EQ(strangers, 0);
  EXPECT_LE(table.size(), 32u);
}

}  // namespace
}  // namespace doorward::quota
