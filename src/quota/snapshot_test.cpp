#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "quota/table.h"
#include "quota/test_support.h"

namespace doorward::quota {
namespace {

std::vector<Demand> mixed() {
  const auto berlin = TimeZone::find("Europe/Berlin");
  std::vector<Demand> demands = {demand("m", Window::minute(), 1'000), demand("h", Window::hour(), 1'000),
                                 demand("s", Window::rolling(7), 1'000), demand("d", Window::day(), 1'000),
                                 demand("w", Window::week(), 1'000)};
  if (berlin) demands.push_back(demand("z", Window::month(), 1'000, 1, *berlin));
  return demands;
}

TEST(QuotaSnapshot, ARestartKeepsEveryCountAndFreesNothingEarly) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 50; ++round) {
    std::int64_t us = kNewYear + static_cast<std::int64_t>(random() % 86'400) * kSecondUs;
    Table before(us, 0);
    std::vector<Demand> demands = mixed();
    Reservation reservation;
    for (int i = 0; i < 200; ++i) {
      us += static_cast<std::int64_t>(random() % 900'000);
      ASSERT_TRUE(before.reserve(demands, at(us), reservation).granted());
    }
    const std::string bytes = before.serialise("epoch 3, seq 900", at(us));
    for (std::int64_t down_s : {0, 3, 40, 3'000, 100'000}) {
      const Now then = at(us + down_s * kSecondUs);
      Table after(then.wall_us, 5);
      const auto position = after.load(bytes);
      ASSERT_TRUE(position) << position.error().message;
      EXPECT_EQ(*position, "epoch 3, seq 900");
      after.settle(then);
      for (const Demand& each : demands) EXPECT_EQ(after.count(each.key, then), before.count(each.key, then));
    }
  }
}

TEST(QuotaSnapshot, TimesAreToldByTheWallAfterItWasSet) {
  // The table's steady time is an hour behind the wall, which was set forward; the minute is not over for all
  // that.
  Table before(kNewYear, 0);
  const Demand ten = demand("m", Window::minute(), 10);
  const std::int64_t hour = 3'600 * kSecondUs;
  const Now now = before.at(kNewYear + hour + kSecondUs, kSecondUs);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(call(before, ten, now).granted());
  Table after(now.wall_us + kSecondUs, 0);
  ASSERT_TRUE(after.load(before.serialise("", now)));
  const Now restarted = after.at(now.wall_us + kSecondUs, 0);
  after.settle(restarted);
  EXPECT_EQ(after.count(ten.key, restarted), 10 * kOne);
  EXPECT_EQ(after.count(ten.key, at(now.wall_us + 63 * kSecondUs)), 0);
}

TEST(QuotaSnapshot, WhatWasRecordedLaterThanNowCountsNow) {
  Table table(kNewYear, 0);
  const Demand minute = demand("m", Window::minute(), 10);
  const Demand day = demand("d", Window::day(), 10);
  const std::int64_t future = kNewYear + 3 * 86'400 * kSecondUs;
  for (const Demand& each : {minute, day}) {
    ASSERT_TRUE(table.add_recorded(each.key, each.window, each.zone, future, 4 * kOne));
  }
  table.settle(at(kNewYear));
  EXPECT_EQ(table.count(minute.key, at(kNewYear)), 4 * kOne);
  EXPECT_EQ(table.count(day.key, at(kNewYear)), 4 * kOne);
  EXPECT_EQ(table.count(minute.key, at(kNewYear + 61 * kSecondUs)), 0);
  EXPECT_EQ(table.count(day.key, at(kNewYear + 86'400 * kSecondUs)), 0);
}

TEST(QuotaSnapshot, T296_AReplayOfTheLogGivesTheCountsOfTheCalls) {
  struct Record {
    Demand demand;
    std::int64_t us;
    std::int64_t amount;
  };
  std::mt19937_64 random(11);
  for (int round = 0; round < 30; ++round) {
    std::int64_t us = kNewYear + static_cast<std::int64_t>(random() % 86'400) * kSecondUs;
    Table live(us, 0);
    Table follower(us, 0);
    std::vector<Record> log;
    std::vector<std::pair<Reservation, std::int64_t>> open;
    std::string snapshot;
    std::size_t snapshot_at = 0;
    for (int i = 0; i < 500; ++i) {
      us += static_cast<std::int64_t>(random() % 500'000);
      std::vector<Demand> demands = mixed();
      if (!open.empty() && random() % 4 == 0) {
        for (const Demand& each : demands) log.push_back({each, open.back().second, -kOne});
        live.release(open.back().first);
        open.pop_back();
      } else {
        open.emplace_back(Reservation(), us);
        ASSERT_TRUE(live.reserve(demands, at(us), open.back().first).granted());
        for (const Demand& each : demands) log.push_back({each, us, kOne});
      }
      if (i == 300) {
        for (; snapshot_at < log.size(); ++snapshot_at) {
          const Record& r = log[snapshot_at];
          ASSERT_TRUE(follower.add_recorded(r.demand.key, r.demand.window, r.demand.zone, r.us, r.amount));
        }
        snapshot = follower.serialise(std::to_string(snapshot_at), at(us));
      }
    }
    const Now now = at(us + static_cast<std::int64_t>(random() % 5'000'000));
    Table rebuilt(now.wall_us, 0);
    const auto position = rebuilt.load(snapshot);
    ASSERT_TRUE(position);
    for (std::size_t i = std::stoul(*position); i < log.size(); ++i) {
      const Record& r = log[i];
      ASSERT_TRUE(rebuilt.add_recorded(r.demand.key, r.demand.window, r.demand.zone, r.us, r.amount));
    }
    rebuilt.settle(now);
    for (const Demand& each : mixed())
      EXPECT_EQ(rebuilt.count(each.key, now), live.count(each.key, now)) << round;
  }
}

TEST(QuotaSnapshot, ARecordOfAClockSetBackIsNotLost) {
  Table table(kNewYear, 0);
  const Demand minute = demand("m", Window::minute(), 10);
  ASSERT_TRUE(table.add_recorded(minute.key, minute.window, nullptr, kNewYear + 3'600 * kSecondUs, kOne));
  ASSERT_TRUE(table.add_recorded(minute.key, minute.window, nullptr, kNewYear, kOne));
  ASSERT_TRUE(table.add_recorded(minute.key, minute.window, nullptr, kNewYear, -kOne));
  EXPECT_EQ(table.count(minute.key, at(kNewYear + 3'600 * kSecondUs)), 2 * kOne);
}

TEST(QuotaSnapshot, AnyChangedByteAndAnyLengthIsCorrupt) {
  Table table(kNewYear, 0);
  std::vector<Demand> demands = mixed();
  Reservation reservation;
  ASSERT_TRUE(table.reserve(demands, at(kNewYear), reservation).granted());
  const std::string bytes = table.serialise("p", at(kNewYear));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    Table other(kNewYear, 0);
    const auto loaded = other.load(changed);
    ASSERT_FALSE(loaded.has_value()) << i;
    EXPECT_EQ(loaded.error().kind, ErrorKind::corrupt);
    EXPECT_EQ(other.size(), 0u);
    ASSERT_FALSE(other.load(std::string_view(bytes).substr(0, i)).has_value()) << i;
  }
  Table other(kNewYear, 0);
  EXPECT_FALSE(other.load(bytes + "x").has_value());
  EXPECT_TRUE(other.load(bytes).has_value());
}

TEST(QuotaSnapshot, AnEmptyTableHasASnapshot) {
  Table table(kNewYear, 0);
  const auto position = table.load(Table(kNewYear, 0).serialise("start", at(kNewYear)));
  ASSERT_TRUE(position);
  EXPECT_EQ(*position, "start");
  EXPECT_EQ(table.size(), 0u);
}

}  // namespace
}  // namespace doorward::quota
