#include "quota/counter_key.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace doorward::quota {
namespace {

CounterName name(std::string_view server, std::string_view holder, std::string_view counter) {
  return {server, HolderKind::grant, holder, counter, Window::minute(), nullptr};
}

TEST(CounterKey, IsTheSameInEveryBuildAndRun) {
  // Snapshots and logs of earlier versions hold this value.
  const CounterKey key = counter_key({"s1", HolderKind::grant, "g1", "refund-total", Window::day(), nullptr});
  EXPECT_EQ(key.high, 0xc4ee711047266067u);
  EXPECT_EQ(key.low, 0x5626b4f00bd9a997u);
}

TEST(CounterKey, T298_PartsThatJoinToOneTextAreDistinct) {
  std::set<std::pair<std::uint64_t, std::uint64_t>> keys;
  const std::vector<std::string> parts = {"a",   "b",    "ab",   "a:b", "a|b",
                                          "a/b", "a\nb", "",     ":",   "|",
                                          "a:",  ":b",   "a\\",  "\\b", std::string("a\0b", 3),
                                          "a,",  "a\"",  "a b ", " a b"};
  for (const auto& server : parts) {
    for (const auto& holder : parts) {
      for (const auto& counter : parts) {
        const CounterKey key = counter_key(name(server, holder, counter));
        EXPECT_TRUE(keys.emplace(key.high, key.low).second) << server << ' ' << holder << ' ' << counter;
      }
    }
  }
}

TEST(CounterKey, T231_ConfusableHoldersAreDistinct) {
  EXPECT_NE(counter_key(name("s", "alice", "c")), counter_key(name("s", "Alice", "c")));
  EXPECT_NE(counter_key(name("s", "alice", "c")), counter_key(name("s", "alice ", "c")));
  EXPECT_NE(counter_key(name("s", "e\xcc\x81", "c")), counter_key(name("s", "\xc3\xa9", "c")));
}

TEST(CounterKey, EveryPartOfTheNameCounts) {
  const auto berlin = TimeZone::find("Europe/Berlin");
  if (!berlin) GTEST_SKIP() << berlin.error().message;
  std::vector<CounterName> names;
  for (HolderKind kind : {HolderKind::grant, HolderKind::session, HolderKind::identity, HolderKind::server}) {
    for (Window window : {Window::minute(), Window::hour(), Window::rolling(61), Window::day(),
                          Window::week(), Window::month()}) {
      names.push_back({"s", kind, "h", "c", window, nullptr});
    }
    names.push_back({"s", kind, "h", "c", Window::day(), *berlin});
  }
  std::set<std::pair<std::uint64_t, std::uint64_t>> keys;
  for (const CounterName& each : names) keys.emplace(counter_key(each).high, counter_key(each).low);
  EXPECT_EQ(keys.size(), names.size());
}

TEST(CounterKey, WhatMakesNoDifferenceMakesNone) {
  const auto berlin = TimeZone::find("Europe/Berlin");
  if (!berlin) GTEST_SKIP() << berlin.error().message;
  const auto key = [](std::string_view server, HolderKind kind, Window window, const TimeZone* zone) {
    return counter_key({server, kind, "h", "c", window, zone});
  };
  EXPECT_EQ(key("a", HolderKind::organisation, Window::day(), nullptr),
            key("b", HolderKind::organisation, Window::day(), nullptr));
  EXPECT_EQ(key("a", HolderKind::grant, Window::day(), nullptr),
            key("a", HolderKind::grant, Window::day(), &TimeZone::utc()));
  EXPECT_EQ(key("a", HolderKind::grant, Window::minute(), *berlin),
            key("a", HolderKind::grant, Window::rolling(60), nullptr));
}

}  // namespace
}  // namespace doorward::quota
