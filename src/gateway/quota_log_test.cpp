#include "gateway/quota_log.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "audit/record.h"
#include "audit/test_support.h"
#include "base/clock.h"

namespace doorward::gateway {
namespace {

constexpr quota::CounterKey kMinute{0x0123456789abcdef, 0xfedcba9876543210};
constexpr quota::CounterKey kDay{7, 9};

/// A state directory with a log that a writer writes, as the gateway does.
class QuotaLogTest : public ::testing::Test {
 protected:
  void open() {
    auto options = audit::test::options_in(dir);
    options.clock = &clock;
    auto opened = audit::LogWriter::open(options);
    ASSERT_TRUE(opened) << opened.error().message;
    log = std::move(*opened);
    writer = log->writer();
  }
  void stop() {
    ASSERT_TRUE(log->stop());
    position = log->position();
    log.reset();
  }

  struct Amount {
    quota::CounterKey key;
    std::string_view window;
    std::int64_t amount;
  };
  void intent(std::uint64_t number, std::initializer_list<Amount> amounts) {
    audit::RecordBuffer buffer;
    audit::CallRecord record;
    const std::string id = audit::test::id_of(number);
    const auto deltas = deltas_of(amounts);
    record.id = id;
    record.time_us = clock.wall_us();
    record.verdict = "allow";
    record.quota = deltas;
    ASSERT_TRUE(log->ring(0).append_intent(audit::write_intent(record, buffer)));
  }
  void outcome(std::uint64_t number, std::initializer_list<Amount> amounts = {}) {
    audit::OutcomeBuffer buffer;
    audit::OutcomeRecord record;
    const std::string id = audit::test::id_of(number);
    const auto deltas = deltas_of(amounts);
    record.id = id;
    record.time_us = clock.wall_us();
    record.result = amounts.size() != 0 ? "upstream_error" : "ok";
    record.quota = deltas;
    log->ring(0).append_outcome(audit::write_outcome(record, buffer));
  }
  static std::vector<audit::QuotaDelta> deltas_of(std::initializer_list<Amount> amounts) {
    std::vector<audit::QuotaDelta> deltas;
    for (const Amount& a : amounts) deltas.push_back({a.key.high, a.key.low, a.window, a.amount});
    return deltas;
  }

  /// A table as after a start.
  struct Restored {
    quota::Table table;
    quota::Now now;
    Status status;
    std::int64_t count(const quota::CounterKey& key) const { return table.count(key, now) / quota::kOne; }
  };
  std::unique_ptr<Restored> restored() {
    auto made =
        std::unique_ptr<Restored>(new Restored{quota::Table(clock.wall_us(), clock.monotonic_us()), {}, {}});
    made->now = made->table.at(clock.wall_us(), clock.monotonic_us());
    made->status = restore_counts(made->table, dir.path(), writer, made->now);
    return made;
  }
  std::string snapshot() const { return dir / ("counts-" + writer + ".snapshot"); }

  audit::test::TempDir dir;
  FakeClock clock{system_clock().wall_us()};
  std::unique_ptr<audit::LogWriter> log;
  std::string writer;
  audit::LogPosition position;
};

TEST_F(QuotaLogTest, TheLogAloneRestoresTheCounts) {
  open();
  for (std::uint64_t i = 0; i < 10; ++i) {
    intent(i, {{kMinute, "60", quota::kOne}, {kDay, "day@Europe/Berlin", 3 * quota::kOne}});
    outcome(i);
  }
  stop();
  const auto after = restored();
  ASSERT_TRUE(after->status);
  EXPECT_EQ(after->count(kMinute), 10);
  EXPECT_EQ(after->count(kDay), 30);
  clock.advance_us(120'000'000);
  EXPECT_EQ(restored()->count(kMinute), 0);
}

TEST_F(QuotaLogTest, WhatAnOutcomeGivesBackIsFree) {
  open();
  for (std::uint64_t i = 0; i < 4; ++i) intent(i, {{kMinute, "60", quota::kOne}});
  outcome(0);
  outcome(1, {{kMinute, "60", -quota::kOne}});
  outcome(2, {{kMinute, "60", -quota::kOne}});
  outcome(3);
  stop();
  EXPECT_EQ(restored()->count(kMinute), 2);
}

TEST_F(QuotaLogTest, ACallWithoutOutcomeStaysCounted) {
  open();
  intent(1, {{kMinute, "60", quota::kOne}});
  ASSERT_TRUE(log->flush());
  EXPECT_EQ(restored()->count(kMinute), 1);
  outcome(1);
  stop();
  EXPECT_EQ(restored()->count(kMinute), 1);
}

TEST_F(QuotaLogTest, ASnapshotAndTheLogBehindItCountEachCallOnce) {
  open();
  intent(1, {{kMinute, "60", quota::kOne}});
  outcome(1);
  stop();
  const auto first = restored();
  ASSERT_TRUE(save_counts(first->table, dir.path(), position, first->now));
  EXPECT_EQ(restored()->count(kMinute), 1);
  open();
  intent(2, {{kMinute, "60", quota::kOne}});
  outcome(2);
  stop();
  const auto second = restored();
  ASSERT_TRUE(second->status);
  EXPECT_EQ(second->count(kMinute), 2);
}

TEST_F(QuotaLogTest, ASnapshotMayBeBroughtForwardWhileTheLogIsWritten) {
  open();
  intent(1, {{kMinute, "3600", quota::kOne}});
  ASSERT_TRUE(log->flush());
  const audit::LogPosition middle = log->position();
  outcome(1, {{kMinute, "3600", -quota::kOne}});
  intent(2, {{kMinute, "3600", quota::kOne}});
  intent(3, {{kMinute, "3600", quota::kOne}});
  ASSERT_TRUE(log->flush());
  ASSERT_TRUE(fold_counts(dir.path(), middle));
  EXPECT_EQ(restored()->count(kMinute), 2);
  ASSERT_TRUE(fold_counts(dir.path(), log->position()));
  ASSERT_TRUE(fold_counts(dir.path(), log->position()));
  EXPECT_EQ(restored()->count(kMinute), 2);
  outcome(2);
  outcome(3);
  stop();
  EXPECT_EQ(restored()->count(kMinute), 2);
}

TEST_F(QuotaLogTest, AnotherWritersRecordsAreNotCounted) {
  open();
  intent(1, {{kMinute, "60", quota::kOne}});
  outcome(1);
  stop();
  writer = "run-another";
  const auto other = restored();
  EXPECT_TRUE(other->status);
  EXPECT_EQ(other->count(kMinute), 0);
}

TEST_F(QuotaLogTest, ADamagedSnapshotIsSetAsideAndTheLogReplayed) {
  open();
  intent(1, {{kMinute, "60", quota::kOne}});
  outcome(1);
  stop();
  const auto first = restored();
  ASSERT_TRUE(save_counts(first->table, dir.path(), position, first->now));
  const std::string whole = audit::test::read_file(snapshot());
  ASSERT_FALSE(whole.empty());
  for (std::size_t at = 0; at < whole.size(); at += 7) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x40);
    audit::test::write_file(snapshot(), bytes);
    const auto flipped = restored();
    EXPECT_TRUE(flipped->status) << at;
    EXPECT_EQ(flipped->count(kMinute), 1) << at;
    EXPECT_EQ(audit::test::read_file(snapshot() + ".damaged"), bytes) << at;
    audit::test::write_file(snapshot(), whole.substr(0, at));
    const auto cut = restored();
    EXPECT_TRUE(cut->status) << at;
    EXPECT_EQ(cut->count(kMinute), 1) << at;
  }
  audit::test::write_file(snapshot(), whole);
  EXPECT_TRUE(restored()->status);
}

}  // namespace
}  // namespace doorward::gateway
