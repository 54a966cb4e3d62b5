#include "quota/table.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <vector>

#include "base/clock.h"
#include "quota/counter.h"
#include "quota/test_support.h"

namespace doorward::quota {
namespace {

TEST(Quota, CallNumberMaxPlusOneIsRefusedWithItsWait) {
  Table table(kNewYear, 0);
  const Demand thirty = demand("m", Window::minute(), 30);
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(call(table, thirty, at(kNewYear + i * kSecondUs)).granted()) << i;
  const Outcome refused = call(table, thirty, at(kNewYear + 30 * kSecondUs));
  EXPECT_EQ(refused.kind, Outcome::Kind::no_room);
  EXPECT_EQ(refused.demand, 0u);
  EXPECT_EQ(refused.retry_after_s, 31);  // the first slice leaves when the sixty-second one begins
  EXPECT_FALSE(call(table, thirty, at(kNewYear + 61 * kSecondUs - 1)).granted());
  EXPECT_TRUE(call(table, thirty, at(kNewYear + 61 * kSecondUs)).granted());
  EXPECT_FALSE(call(table, thirty, at(kNewYear + 61 * kSecondUs)).granted());
}

TEST(Quota, ZeroDeniesEveryCallAndAnAmountOfZeroPassesAtTheLimit) {
  Table table(kNewYear, 0);
  const Outcome zero = call(table, demand("z", Window::day(), 0), at(kNewYear));
  EXPECT_EQ(zero.kind, Outcome::Kind::no_room);
  EXPECT_EQ(zero.retry_after_s, Outcome::kNever);
  EXPECT_TRUE(call(table, demand("z", Window::day(), 0, 0), at(kNewYear)).granted());
  EXPECT_TRUE(call(table, demand("s", Window::day(), 500, 500), at(kNewYear)).granted());
  EXPECT_TRUE(call(table, demand("s", Window::day(), 500, 0), at(kNewYear)).granted());
  EXPECT_FALSE(call(table, demand("s", Window::day(), 500, 1), at(kNewYear)).granted());
}

TEST(Quota, T299_AmountsOutOfRangeFindNoRoomAndLeaveNoTrace) {
  Table table(kNewYear, 0);
  for (std::int64_t amount : {std::int64_t{-1}, kLargest + 1, INT64_MAX, INT64_MIN}) {
    Demand bad = demand("a", Window::day(), 1'000'000'000'000);
    bad.amount = amount;
    const Outcome outcome = call(table, bad, at(kNewYear));
    EXPECT_EQ(outcome.kind, Outcome::Kind::no_room) << amount;
    EXPECT_EQ(outcome.retry_after_s, Outcome::kNever) << amount;
    Reservation reservation;
    EXPECT_FALSE(table.add_unchecked({&bad, 1}, at(kNewYear), reservation).granted());
    table.release(reservation);
    EXPECT_EQ(table.count(bad.key, at(kNewYear)), 0) << amount;
  }
  Demand largest = demand("b", Window::minute(), 0);
  largest.max = largest.amount = kLargest;
  EXPECT_TRUE(call(table, largest, at(kNewYear)).granted());
  EXPECT_FALSE(call(table, largest, at(kNewYear)).granted());
}

TEST(Quota, T299_ARaisedOrLoweredMaxKeepsTheCount) {
  Table table(kNewYear, 0);
  for (int i = 0; i < 10; ++i)
    ASSERT_TRUE(call(table, demand("d", Window::day(), 10), at(kNewYear)).granted());
  EXPECT_FALSE(call(table, demand("d", Window::day(), 10), at(kNewYear)).granted());
  EXPECT_TRUE(call(table, demand("d", Window::day(), 11), at(kNewYear)).granted());
  EXPECT_FALSE(call(table, demand("d", Window::day(), 5), at(kNewYear)).granted());
}

TEST(Quota, AllOrNoneAndTheFirstWithoutRoomIsNamed) {
  Table table(kNewYear, 0);
  const Now now = at(kNewYear + kSecondUs / 2);
  ASSERT_TRUE(call(table, demand("b", Window::minute(), 1), now).granted());
  ASSERT_TRUE(call(table, demand("c", Window::day(), 1), now).granted());
  Reservation reservation;
  std::vector<Demand> demands = {demand("a", Window::minute(), 5), demand("b", Window::minute(), 1),
                                 demand("c", Window::day(), 1)};
  const Outcome refused = table.reserve(demands, now, reservation);
  EXPECT_EQ(refused.kind, Outcome::Kind::no_room);
  EXPECT_EQ(refused.demand, 1u);
  EXPECT_EQ(refused.retry_after_s, 86'400);  // the longest wait: that of c
  EXPECT_TRUE(reservation.empty());
  EXPECT_EQ(table.count(demands[0].key, now), 0);
  EXPECT_EQ(demands[0].count_before, 0);
  EXPECT_EQ(demands[1].count_before, kOne);

  std::swap(demands[0], demands[2]);
  EXPECT_EQ(table.reserve(demands, now, reservation).demand, 0u);
}

TEST(Quota, EntriesOfOneCounterAddOnceAndEachMustHaveRoom) {
  Table table(kNewYear, 0);
  const Now now = at(kNewYear);
  Reservation reservation;
  std::vector<Demand> demands = {demand("n", Window::hour(), 3), demand("x", Window::hour(), 9),
                                 demand("n", Window::hour(), 2)};
  ASSERT_TRUE(table.reserve(demands, now, reservation).granted());
  ASSERT_TRUE(table.reserve(demands, now, reservation).granted());
  EXPECT_EQ(table.count(demands[0].key, now), 2 * kOne);
  const Outcome refused = table.reserve(demands, now, reservation);
  EXPECT_EQ(refused.kind, Outcome::Kind::no_room);
  EXPECT_EQ(refused.demand, 2u);
  EXPECT_EQ(table.count(demands[1].key, now), 2 * kOne);
}

TEST(Quota, T295_AReleaseGivesBackOnceAndToItsOwnSlice) {
  Table table(kNewYear, 0);
  Reservation first;
  Reservation second;
  std::vector<Demand> demands = {demand("r", Window::minute(), 2), demand("d", Window::day(), 2)};
  ASSERT_TRUE(table.reserve(demands, at(kNewYear), first).granted());
  ASSERT_TRUE(table.reserve(demands, at(kNewYear + 50 * kSecondUs), second).granted());
  table.release(first);
  table.release(first);
  const Now later = at(kNewYear + 70 * kSecondUs);
  EXPECT_EQ(table.count(demands[0].key, later), kOne);
  EXPECT_EQ(table.count(demands[1].key, later), kOne);
  // What was given back had left the window already: nothing is taken from those who came after.
  ASSERT_TRUE(table.reserve(demands, at(kNewYear + 200 * kSecondUs), first).granted());
  table.release(second);
  EXPECT_EQ(table.count(demands[0].key, at(kNewYear + 200 * kSecondUs)), kOne);
  EXPECT_EQ(table.count(demands[1].key, at(kNewYear + 200 * kSecondUs)), kOne);
}

TEST(Quota, ARefundOfYesterdayTakesNothingFromToday) {
  Table table(kNewYear, 0);
  Reservation reservation;
  Demand day = demand("d", Window::day(), 5);
  ASSERT_TRUE(table.reserve({&day, 1}, at(kNewYear + 86'399 * kSecondUs), reservation).granted());
  ASSERT_TRUE(call(table, day, at(kNewYear + 86'400 * kSecondUs)).granted());
  table.release(reservation);
  EXPECT_EQ(table.count(day.key, at(kNewYear + 86'400 * kSecondUs)), kOne);
}

TEST(Quota, ObserveCountsPastMaxAndSaysWhatEnforcementWouldHaveSaid) {
  Table table(kNewYear, 0);
  Demand two = demand("o", Window::minute(), 2);
  Reservation reservation;
  for (int i = 0; i < 5; ++i) {
    const Outcome outcome = table.add_unchecked({&two, 1}, at(kNewYear), reservation);
    EXPECT_EQ(outcome.granted(), i < 2) << i;
    EXPECT_EQ(two.count_before, i * kOne);
  }
  EXPECT_EQ(table.count(two.key, at(kNewYear)), 5 * kOne);
  table.release(reservation);
  EXPECT_EQ(table.count(two.key, at(kNewYear)), 4 * kOne);
  two.amount = kLargest;
  for (int i = 0; i < 50; ++i) table.add_unchecked({&two, 1}, at(kNewYear), reservation);
  EXPECT_LE(table.count(two.key, at(kNewYear)), kSaturated);
  EXPECT_EQ(table.count(two.key, at(kNewYear + 61 * kSecondUs)), 0);
}

TEST(Quota, PeekCountsNothingAndMakesNoCounter) {
  Table table(kNewYear, 0);
  std::vector<Demand> demands = {demand("p", Window::minute(), 1), demand("q", Window::day(), 0)};
  const Outcome outcome = table.peek(demands, at(kNewYear));
  EXPECT_EQ(outcome.kind, Outcome::Kind::no_room);
  EXPECT_EQ(outcome.demand, 1u);
  EXPECT_EQ(table.size(), 0u);
  ASSERT_TRUE(call(table, demands[0], at(kNewYear)).granted());
  EXPECT_EQ(table.peek(demands, at(kNewYear)).demand, 0u);
  EXPECT_TRUE(table.peek({demands.data(), 0}, at(kNewYear)).granted());
  EXPECT_EQ(table.count(demands[0].key, at(kNewYear)), kOne);
}

TEST(Quota, SlicesOfAWindowThatSixtyDoesNotDivideAreExact) {
  for (std::uint32_t seconds : {1u, 7u, 61u, 3'601u, 31'536'000u}) {
    for (std::int64_t slice : {std::int64_t{0}, std::int64_t{59}, std::int64_t{60}, std::int64_t{12'345}}) {
      const std::int64_t start = slice_start_us(slice, seconds);
      EXPECT_EQ(slice_of(start, seconds), slice) << seconds;
      EXPECT_EQ(slice_of(slice_start_us(slice + 1, seconds) - 1, seconds), slice) << seconds;
    }
  }
}

// T294: a burst across an edge, in every phase of the window.
TEST(Quota, T294_ABurstAcrossAnEdgeNeverPassesMoreThanMax) {
  for (std::int64_t phase = 0; phase < 60; phase += 7) {
    Table table(kNewYear, 0);
    const Demand five = demand("b", Window::minute(), 5);
    int passed = 0;
    const std::int64_t start = kNewYear + phase * kSecondUs + 999'999;
    for (std::int64_t us = 0; us < 60 * kSecondUs; us += 250'000)
      passed += call(table, five, at(start + us)).granted();
    EXPECT_EQ(passed, 5) << phase;
  }
}

TEST(Quota, T294_SettingTheClockNeitherFreesNorBlocksARollingWindow) {
  for (std::int64_t step_s : {3'600, -3'600, 30, -30, 86'400 * 365}) {
    FakeClock clock(kNewYear + 86'400 * 400 * kSecondUs);
    Table table(clock.wall_us(), clock.monotonic_us());
    const Demand ten = demand("t", Window::minute(), 10);
    const auto pass = [&] {
      return call(table, ten, table.at(clock.wall_us(), clock.monotonic_us())).granted();
    };
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(pass());
    clock.step_wall_us(step_s * kSecondUs);
    EXPECT_FALSE(pass()) << step_s;
    clock.advance_us(58 * kSecondUs);
    EXPECT_FALSE(pass()) << step_s;
    clock.advance_us(4 * kSecondUs);
    EXPECT_TRUE(pass()) << step_s;
  }
}

TEST(Quota, T294_ACalendarPeriodNeverGoesBack) {
  FakeClock clock(kNewYear + 10 * kSecondUs);
  Table table(clock.wall_us(), clock.monotonic_us());
  const Demand two = demand("t", Window::day(), 2);
  const auto pass = [&] {
    return call(table, two, table.at(clock.wall_us(), clock.monotonic_us())).granted();
  };
  ASSERT_TRUE(pass());
  clock.step_wall_us(-30 * kSecondUs);  // yesterday
  ASSERT_TRUE(pass());
  EXPECT_FALSE(pass());
  clock.step_wall_us(30 * kSecondUs);
  EXPECT_FALSE(pass());
}

TEST(Quota, TheSteadyClockTakesOverSlewingButNoStep) {
  Table table(kNewYear, 0);
  EXPECT_EQ(table.at(kNewYear + 1'000'000, 1'000'000).steady_us, kNewYear + 1'000'000);
  EXPECT_EQ(table.at(kNewYear + 2'100'000, 2'000'000).steady_us, kNewYear + 2'100'000);  // 0.1 s ahead
  EXPECT_EQ(table.at(kNewYear + 3'000'000, 3'000'000).steady_us, kNewYear + 3'100'000);  // never back
  EXPECT_EQ(table.at(kNewYear + 9'000'000, 4'000'000).steady_us, kNewYear + 4'100'000);  // 5 s: a step
}

TEST(Quota, CalendarWindowsFollowTheZone) {
  const auto berlin = TimeZone::find("Europe/Berlin");
  if (!berlin) GTEST_SKIP() << berlin.error().message;
  Table table(kNewYear, 0);
  const Demand one = demand("c", Window::day(), 1, 1, *berlin);
  const std::int64_t local_midnight = kNewYear + 23 * 3600 * kSecondUs;
  ASSERT_TRUE(call(table, one, at(kNewYear)).granted());
  EXPECT_EQ(call(table, one, at(kNewYear)).retry_after_s, 23 * 3600);
  EXPECT_FALSE(call(table, one, at(local_midnight - 1)).granted());
  EXPECT_TRUE(call(table, one, at(local_midnight)).granted());

  // The day of the change, 2026-03-29, has 23 hours.
  const std::int64_t change = (1'774'738'800) * kSecondUs;  // its first instant, 2026-03-28T23:00Z
  ASSERT_TRUE(call(table, one, at(change)).granted());
  EXPECT_EQ(call(table, one, at(change)).retry_after_s, 23 * 3600);
}

TEST(Quota, WeeksAndMonthsCount) {
  Table table(kNewYear, 0);
  const Demand week = demand("w", Window::week(), 1);
  const Demand month = demand("m", Window::month(), 1);
  ASSERT_TRUE(call(table, week, at(kNewYear)).granted());
  ASSERT_TRUE(call(table, month, at(kNewYear)).granted());
  EXPECT_EQ(call(table, week, at(kNewYear)).retry_after_s, 4 * 86'400);  // Thursday to Monday
  EXPECT_EQ(call(table, month, at(kNewYear)).retry_after_s, 31 * 86'400);
  EXPECT_TRUE(call(table, week, at(kNewYear + 4 * 86'400 * kSecondUs)).granted());
  EXPECT_TRUE(call(table, month, at(kNewYear + 31 * 86'400 * kSecondUs)).granted());
}

TEST(Quota, AFullTableRefusesNewCountersAndReusesEmptyOnes) {
  Table table(kNewYear, 0, {.counters = 100});
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(call(table, demand("k" + std::to_string(i), Window::minute(), 5), at(kNewYear)).granted());
  }
  const Outcome full = call(table, demand("new", Window::minute(), 5), at(kNewYear));
  EXPECT_EQ(full.kind, Outcome::Kind::full);
  EXPECT_TRUE(call(table, demand("k7", Window::minute(), 5), at(kNewYear)).granted());
  // The minute passes: their places are free, and nothing of what they held is left.
  const Now later = at(kNewYear + 70 * kSecondUs);
  for (int i = 0; i < 100; ++i) {
    Demand fresh = demand("n" + std::to_string(i), i % 2 ? Window::day() : Window::minute(), 5);
    Reservation reservation;
    ASSERT_TRUE(table.reserve({&fresh, 1}, later, reservation).granted()) << i;
    ASSERT_EQ(fresh.count_before, 0);
  }
  EXPECT_EQ(table.size(), 100u);
  EXPECT_EQ(table.sweep(at(kNewYear + 200 * kSecondUs), 1'000), 50u);  // the days stay
  EXPECT_EQ(table.size(), 50u);
}

TEST(Quota, AReleaseAfterItsCounterWasReusedTouchesNothing) {
  Table table(kNewYear, 0, {.counters = 1});
  Reservation old;
  Demand a = demand("a", Window::minute(), 5);
  Demand b = demand("b", Window::minute(), 5);
  ASSERT_TRUE(table.reserve({&a, 1}, at(kNewYear), old).granted());
  const Now later = at(kNewYear + 100 * kSecondUs);
  ASSERT_TRUE(call(table, b, later).granted());
  table.release(old);
  EXPECT_EQ(table.count(b.key, later), kOne);
}

// The table against a list of timestamps, over random calls, windows, steps and refunds.
TEST(Quota, AgreesWithANaiveModel) {
  struct Held {
    std::int64_t us;
    std::int64_t amount;
  };
  for (unsigned seed = 1; seed <= 40; ++seed) {
    std::mt19937_64 random(seed);
    const auto pick = [&](std::int64_t from, std::int64_t to) {
      return std::uniform_int_distribution<std::int64_t>(from, to)(random);
    };
    struct Model {
      Demand demand;
      std::vector<Held> held;
    };
    std::vector<Model> models;
    const std::vector<Window> windows = {Window::minute(),   Window::rolling(7), Window::hour(),
                                         Window::rolling(1), Window::day(),      Window::week()};
    for (std::size_t i = 0; i < windows.size(); ++i) {
      models.push_back({demand("c" + std::to_string(i), windows[i], pick(3, 60)), {}});
    }
    std::int64_t us = kNewYear + pick(0, 86'400) * kSecondUs;
    Table table(us, 0);
    std::deque<std::pair<Reservation, std::vector<std::pair<std::size_t, std::size_t>>>> open;

    const auto live = [&](const Model& model, std::int64_t then) {
      const Window w = model.demand.window;
      if (w.kind == Window::Kind::rolling) return slice_of(then, w.seconds) >= slice_of(us, w.seconds) - 60;
      const auto kind = w.kind == Window::Kind::day ? Period::day : Period::week;
      return second_of(then) >= TimeZone::utc().period(kind, second_of(us)).begin;
    };
    const auto sum = [&](const Model& model) {
      std::int64_t total = 0;
      for (const Held& held : model.held) total += live(model, held.us) ? held.amount : 0;
      return total;
    };

    for (int step = 0; step < 3'000; ++step) {
      us += pick(0, 9) == 0 ? pick(0, 20 * kSecondUs) : pick(0, 150'000);
      if (!open.empty() && pick(0, 7) == 0) {
        table.release(open.front().first);
        for (const auto& [model, index] : open.front().second) models[model].held[index].amount = 0;
        open.pop_front();
        continue;
      }
      std::vector<Demand> demands;
      std::vector<std::size_t> of;
      for (std::size_t i = 0; i < models.size(); ++i) {
        if (pick(0, 2) != 0) continue;
        demands.push_back(models[i].demand);
        demands.back().amount = pick(0, 3) * kOne / 2;
        of.push_back(i);
      }
      std::int64_t expected = -1;
      for (std::size_t i = 0; i < demands.size() && expected < 0; ++i) {
        if (sum(models[of[i]]) + demands[i].amount > demands[i].max) expected = static_cast<std::int64_t>(i);
      }
      open.emplace_back();
      const Outcome outcome = table.reserve(demands, at(us), open.back().first);
      ASSERT_EQ(outcome.granted(), expected < 0) << seed << ' ' << step;
      for (std::size_t i = 0; i < demands.size(); ++i) {
        ASSERT_EQ(demands[i].count_before, sum(models[of[i]])) << seed << ' ' << step;
      }
      if (!outcome.granted()) {
        open.pop_back();
        ASSERT_EQ(outcome.demand, static_cast<std::uint32_t>(expected));
        // After the wait that was told each demand has room; a second before, one has not.
        if (outcome.retry_after_s != Outcome::kNever) {
          const std::int64_t now = us;
          const auto fits = [&] {
            for (std::size_t i = 0; i < demands.size(); ++i) {
              if (sum(models[of[i]]) + demands[i].amount > demands[i].max) return false;
            }
            return true;
          };
          us = now + outcome.retry_after_s * kSecondUs;
          ASSERT_TRUE(fits()) << seed << ' ' << step;
          us = now + (outcome.retry_after_s - 1) * kSecondUs;
          ASSERT_FALSE(fits()) << seed << ' ' << step;
          us = now;
        }
        continue;
      }
      for (std::size_t i = 0; i < demands.size(); ++i) {
        open.back().second.emplace_back(of[i], models[of[i]].held.size());
        models[of[i]].held.push_back({us, demands[i].amount});
      }
      if (open.size() > 20) open.pop_front();
    }
  }
}

}  // namespace
}  // namespace doorward::quota
