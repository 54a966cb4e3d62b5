#include "base/timezone.h"

#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <thread>

#include "base/posix_zone.h"

namespace doorward {
namespace {

using namespace std::chrono;

std::int64_t utc(int y, unsigned m, unsigned d, int hour = 0, int minute = 0, int second = 0) {
  return std::int64_t{sys_days(year(y) / month(m) / day(d)).time_since_epoch().count()} * 86'400 +
         hour * 3600 + minute * 60 + second;
}

const TimeZone& zone(std::string_view name) {
  const auto found = TimeZone::find(name);
  if (!found) throw std::runtime_error(found.error().message);
  return **found;
}

double hours_of_day(const TimeZone& z, std::int64_t at) {
  const PeriodSpan span = z.period(Period::day, at);
  return static_cast<double>(span.end - span.begin) / 3600;
}

TEST(TimeZone, IsFoundByItsExactName) {
  EXPECT_EQ(zone("Europe/Berlin").name(), "Europe/Berlin");
  EXPECT_EQ(&zone("Europe/Berlin"), &zone("Europe/Berlin"));
  EXPECT_EQ(zone("Asia/Calcutta").local(utc(2026, 1, 1)).hour, 5);
  EXPECT_EQ(&zone("UTC"), &TimeZone::utc());
  for (std::string_view name : {"", "europe/berlin", "Europe/Berlin ", "Europe/", "Europe", "Mars/Olympus",
                                "../../etc/passwd", "/etc/localtime", "right/UTC", "posix/UTC", "localtime",
                                "Europe/Ber\0lin", "Etc/../UTC", "zone.tab"}) {
    const auto found = TimeZone::find(name);
    ASSERT_FALSE(found.has_value()) << name;
    EXPECT_EQ(found.error().kind, ErrorKind::not_found) << name;
  }
  EXPECT_FALSE(TimeZone::find(std::string("Europe/Berlin\0", 14)).has_value());
}

TEST(TimeZone, TellsHourAndWeekday) {
  EXPECT_EQ(TimeZone::utc().local(0), (LocalTime{0, 3}));  // a Thursday
  EXPECT_EQ(TimeZone::utc().local(-1), (LocalTime{23, 2}));
  EXPECT_EQ(zone("Asia/Kathmandu").local(utc(2026, 3, 1, 18, 14, 59)), (LocalTime{23, 6}));
  EXPECT_EQ(zone("Asia/Kathmandu").local(utc(2026, 3, 1, 18, 15)), (LocalTime{0, 0}));
  EXPECT_EQ(zone("America/New_York").local(utc(2026, 7, 4, 3, 59)), (LocalTime{23, 4}));
}

TEST(TimeZone, DaysOfChangeLast23And25Hours) {
  const TimeZone& berlin = zone("Europe/Berlin");
  EXPECT_EQ(hours_of_day(berlin, utc(2026, 3, 29, 12)), 23);
  EXPECT_EQ(hours_of_day(berlin, utc(2026, 10, 25, 12)), 25);
  EXPECT_EQ(hours_of_day(berlin, utc(2026, 6, 1, 12)), 24);
  EXPECT_EQ(berlin.period(Period::day, utc(2026, 3, 29, 12)).begin, utc(2026, 3, 28, 23));
  EXPECT_EQ(berlin.period(Period::day, utc(2026, 3, 29, 12)).end, utc(2026, 3, 29, 22));
  EXPECT_EQ(hours_of_day(zone("Australia/Lord_Howe"), utc(2026, 4, 5, 1)), 24.5);
}

TEST(TimeZone, ADateWhoseMidnightDoesNotExistBeginsAfterTheGap) {
  // Cairo's clocks go from 00:00 to 01:00 on Friday 2010-04-30; Beirut's on Sunday 2018-03-25.
  const PeriodSpan cairo = zone("Africa/Cairo").period(Period::day, utc(2010, 4, 30, 9));
  EXPECT_EQ(cairo.begin, utc(2010, 4, 29, 22));
  EXPECT_EQ(cairo.end, utc(2010, 4, 30, 21));
  EXPECT_EQ(zone("Africa/Cairo").local(cairo.begin).hour, 1);
  EXPECT_EQ(hours_of_day(zone("Asia/Beirut"), utc(2018, 3, 25, 9)), 23);
  EXPECT_EQ(hours_of_day(zone("America/Sao_Paulo"), utc(2018, 11, 4, 12)), 23);
  // Havana shows midnight twice on 2018-11-04: the date begins with the first.
  EXPECT_EQ(zone("America/Havana").period(Period::day, utc(2018, 11, 4, 12)).begin, utc(2018, 11, 4, 4));
  EXPECT_EQ(hours_of_day(zone("America/Havana"), utc(2018, 11, 4, 12)), 25);
}

TEST(TimeZone, AClockSetBackAcrossMidnightReopensNoDate) {
  // St John's went from 00:01 back to 23:01 of the day before on 2006-10-29.
  const TimeZone& z = zone("America/St_Johns");
  const std::int64_t midnight = utc(2006, 10, 29, 2, 30);
  EXPECT_EQ(z.local(midnight), (LocalTime{0, 6}));
  EXPECT_EQ(z.local(midnight + 60), (LocalTime{23, 5}));
  EXPECT_EQ(z.period(Period::day, midnight - 1).end, midnight);
  EXPECT_EQ(z.period(Period::day, midnight + 60).begin, midnight);
  EXPECT_EQ(z.period(Period::day, midnight).end, utc(2006, 10, 30, 3, 30));
}

TEST(TimeZone, ASkippedDateIsNoPeriod) {
  // Samoa had no 2011-12-30: the 29th ends where the 31st begins.
  const TimeZone& apia = zone("Pacific/Apia");
  const std::int64_t change = utc(2011, 12, 30, 10);
  EXPECT_EQ(apia.period(Period::day, change - 1).end, change);
  EXPECT_EQ(apia.period(Period::day, change), (PeriodSpan{change, change + 86'400}));
}

TEST(TimeZone, WeeksBeginOnMondayAndMonthsOnTheFirst) {
  const TimeZone& u = TimeZone::utc();
  EXPECT_EQ(u.period(Period::week, utc(2026, 3, 1, 23)), (PeriodSpan{utc(2026, 2, 23), utc(2026, 3, 2)}));
  EXPECT_EQ(u.period(Period::week, utc(2026, 3, 2)), (PeriodSpan{utc(2026, 3, 2), utc(2026, 3, 9)}));
  EXPECT_EQ(u.period(Period::month, utc(2028, 2, 29, 5)), (PeriodSpan{utc(2028, 2, 1), utc(2028, 3, 1)}));
  EXPECT_EQ(u.period(Period::month, utc(2026, 12, 31, 23)), (PeriodSpan{utc(2026, 12, 1), utc(2027, 1, 1)}));
  EXPECT_EQ(u.period(Period::week, -1), (PeriodSpan{-3 * 86'400, 4 * 86'400}));
  const PeriodSpan march = zone("Europe/Berlin").period(Period::month, utc(2026, 3, 15));
  EXPECT_EQ(march, (PeriodSpan{utc(2026, 2, 28, 23), utc(2026, 3, 31, 22)}));
}

TEST(TimeZone, HoldsBeyondTheListedTransitions) {
  EXPECT_EQ(zone("Europe/Berlin").local(utc(2045, 7, 1, 12)).hour, 14);
  EXPECT_EQ(zone("Europe/Berlin").local(utc(2106, 2, 7, 12)).hour, 13);
  EXPECT_EQ(hours_of_day(zone("America/New_York"), utc(2060, 3, 14, 12)), 23);
  EXPECT_EQ(zone("Asia/Tokyo").local(utc(2099, 1, 1)).hour, 9);
}

// The spans of a zone tile time: each instant lies in the span that it gets, and the next span begins where
// one ends.
TEST(TimeZone, PeriodsNeitherOverlapNorLeaveAGap) {
  std::mt19937_64 random(20260101);
  for (std::string_view name :
       {"UTC", "Europe/Berlin", "America/St_Johns", "Africa/Cairo", "Pacific/Apia", "America/Havana",
        "Asia/Kathmandu", "Pacific/Kwajalein", "Australia/Lord_Howe", "America/Scoresbysund",
        "Africa/Casablanca", "Antarctica/Troll"}) {
    const TimeZone& z = zone(name);
    std::uniform_int_distribution<std::int64_t> when(utc(1905, 1, 1), utc(2199, 1, 1));
    for (Period kind : {Period::day, Period::week, Period::month}) {
      for (int i = 0; i < 2'000; ++i) {
        const std::int64_t at = when(random);
        const PeriodSpan span = z.period(kind, at);
        ASSERT_LE(span.begin, at) << name;
        ASSERT_LT(at, span.end) << name;
        ASSERT_EQ(z.period(kind, span.begin), span) << name << ' ' << at;
        ASSERT_EQ(z.period(kind, span.end - 1), span) << name << ' ' << at;
        ASSERT_EQ(z.period(kind, span.end).begin, span.end) << name << ' ' << at;
        ASSERT_EQ(z.period(kind, span.begin - 1).end, span.begin) << name << ' ' << at;
      }
    }
  }
}

TEST(TimeZone, IsFoundByManyThreadsAtOnce) {
  std::vector<std::jthread> threads;
  std::vector<const TimeZone*> found(8);
  for (std::size_t i = 0; i < found.size(); ++i) {
    threads.emplace_back([&, i] { found[i] = &zone("America/Argentina/Ushuaia"); });
  }
  threads.clear();
  for (const TimeZone* z : found) EXPECT_EQ(z, found[0]);
}

TEST(PosixZone, ReadsEveryFormThatTzdataUses) {
  const auto berlin = parse_posix_zone("CET-1CEST,M3.5.0,M10.5.0/3");
  ASSERT_TRUE(berlin);
  EXPECT_EQ(berlin->changes_of(2026), (std::pair{utc(2026, 3, 29, 1), utc(2026, 10, 25, 1)}));
  const auto nuuk = parse_posix_zone("<-02>2<-01>,M3.5.0/-1,M10.5.0/0");
  ASSERT_TRUE(nuuk);
  EXPECT_EQ(nuuk->changes_of(2026), (std::pair{utc(2026, 3, 29, 1), utc(2026, 10, 25, 1)}));
  const auto jerusalem = parse_posix_zone("IST-2IDT,M3.4.4/26,M10.5.0");
  ASSERT_TRUE(jerusalem);
  EXPECT_EQ(jerusalem->changes_of(2026).first, utc(2026, 3, 27));
  const auto tehran = parse_posix_zone("<+0330>-3:30");
  ASSERT_TRUE(tehran);
  EXPECT_EQ(tehran->standard, 12'600);
  const auto julian = parse_posix_zone("AAA0BBB,J60/0,365/0");
  ASSERT_TRUE(julian);
  EXPECT_EQ(julian->changes_of(2028), (std::pair{utc(2028, 3, 1), utc(2028, 12, 31) - 3600}));
  for (std::string_view text :
       {"", "CE-1", "CET", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.5.0,M10.5.0/3x", "CET-168", "<CET-1", "CET-1CEST,J0,J5"}) {
    EXPECT_FALSE(parse_posix_zone(text)) << text;
  }
}

}  // namespace
}  // namespace doorward
