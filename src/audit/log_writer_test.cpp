#include "audit/log_writer.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <set>
#include <thread>

#include "audit/reader.h"
#include "audit/test_support.h"
#include "audit/value_file.h"
#include "base/encoding.h"

namespace doorward::audit {
namespace {

using test::denial;
using test::id_of;
using test::intent;
using test::options_in;
using test::outcome;
using test::TempDir;
using test::verified;
using test::why;

std::unique_ptr<LogWriter> open(LogOptions options) {
  auto log = LogWriter::open(std::move(options));
  EXPECT_TRUE(log) << (log ? "" : log.error().message);
  return log ? std::move(*log) : nullptr;
}

std::vector<std::string> events(const TempDir& dir) {
  std::vector<std::string> found;
  LogReader reader(dir / "log");
  EXPECT_TRUE(reader.for_each({}, [&](const RecordView& record) {
    found.emplace_back(record.text("event"));
    return true;
  }));
  return found;
}

TEST(LogWriterTest, RecordsACallFromStartToStop) {
  TempDir dir;
  auto log = open(options_in(dir));
  ASSERT_TRUE(log->ring(0).append_intent(intent("dec_a")));
  log->ring(0).append_outcome(outcome("dec_a"));
  ASSERT_TRUE(log->record(denial("dec_b")));
  ASSERT_TRUE(log->stop());
  auto found = events(dir);
  ASSERT_EQ(found.size(), 5u);
  EXPECT_EQ(found.front(), "writer.start");
  EXPECT_EQ(found.back(), "writer.stop");
  EXPECT_EQ(std::multiset<std::string>(found.begin() + 1, found.end() - 1),
            (std::multiset<std::string>{"call.intent", "call.outcome", "call.denied"}));
  const VerifyReport report = verified(dir);
  EXPECT_TRUE(report.ok) << why(report);
  EXPECT_EQ(report.records, 5u);
  EXPECT_EQ(report.signed_records, 5u);
}

TEST(LogWriterTest, KeysAreReadableByTheirOwnerAlone) {
  TempDir dir;
  open(options_in(dir))->stop().value();
  struct stat info {};
  ASSERT_EQ(::stat((dir / "keys/audit.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_EQ(::stat((dir / "keys").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  ASSERT_EQ(::chmod((dir / "keys/audit.key").c_str(), 0644), 0);
  const auto refused = LogWriter::open(options_in(dir));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::denied);
}

TEST(LogWriterTest, EachStartBeginsAnEpochThatNamesTheOneBefore) {
  TempDir dir;
  for (int start = 0; start < 3; ++start) {
    auto log = open(options_in(dir));
    EXPECT_EQ(log->recovery().previous_epoch, static_cast<std::uint64_t>(start));
    EXPECT_TRUE(log->recovery().clean);
    ASSERT_TRUE(log->ring(0).append(denial(id_of(static_cast<std::uint64_t>(start)))));
    ASSERT_TRUE(log->stop());
  }
  const VerifyReport report = verified(dir);
  EXPECT_TRUE(report.ok) << why(report);
  EXPECT_EQ(report.epochs, 3u);
  EXPECT_EQ(report.writers, 1u);
  EXPECT_EQ(report.signed_records, report.records);
}

TEST(LogWriterTest, ASecondProcessOfTheRoleIsAnotherWriter) {
  TempDir dir;
  auto first = open(options_in(dir));
  auto second = open(options_in(dir));
  EXPECT_NE(first->writer(), second->writer());
  ASSERT_TRUE(first->ring(0).append(denial("dec_1")));
  ASSERT_TRUE(second->ring(0).append(denial("dec_2")));
  const std::set<std::string> writers = {first->writer(), second->writer()};
  ASSERT_TRUE(first->stop());
  ASSERT_TRUE(second->stop());
  first.reset();
  second.reset();
  auto third = open(options_in(dir));
  EXPECT_TRUE(writers.contains(third->writer()));
  ASSERT_TRUE(third->stop());
  third.reset();
  const VerifyReport report = verified(dir);
  EXPECT_TRUE(report.ok) << why(report);
  EXPECT_EQ(report.writers, 2u);
}

TEST(LogWriterTest, RefusesARoleThatIsNoName) {
  TempDir dir;
  LogOptions options = options_in(dir);
  options.role = "../x";
  EXPECT_FALSE(LogWriter::open(options));
}

TEST(LogWriterTest, PowerModeTellsWhenAnEntryIsOnDisk) {
  TempDir dir;
  LogOptions options = options_in(dir);
  options.durability = Durability::power;
  std::atomic<std::uint64_t> told{0};
  options.on_durable = [&](unsigned ring, std::uint64_t position) {
    EXPECT_EQ(ring, 0u);
    told = position;
  };
  auto log = open(options);
  for (std::uint64_t i = 0; i < 20; ++i) {
    ASSERT_TRUE(log->ring(0).append_intent(intent(id_of(i))));
    const std::uint64_t position = log->ring(0).position();
    while (told < position) std::this_thread::yield();
    EXPECT_GE(log->ring(0).durable(), position);
    const LogState state = log->state();
    EXPECT_TRUE(state.accepting);
    log->ring(0).append_outcome(outcome(id_of(i)));
  }
  ASSERT_TRUE(log->stop());
  EXPECT_TRUE(verified(dir).ok);
}

TEST(LogWriterTest, WhatWasAppendedBeforeStandsInItsSegmentOnceWrittenOut) {
  TempDir dir;
  LogOptions options = options_in(dir);
  options.drain_interval = std::chrono::milliseconds(20);
  auto log = open(options);
  for (std::uint64_t i = 0; i < 20; ++i) {
    ASSERT_TRUE(log->ring(0).append(denial(id_of(i))));
    ASSERT_TRUE(log->write_out());
    EXPECT_EQ(std::ranges::count(events(dir), "call.denied"), static_cast<std::ptrdiff_t>(i + 1));
  }
  ASSERT_TRUE(log->stop());
}

TEST(LogWriterTest, FlushAndCheckpointCoverWhatWasAppendedBefore) {
  TempDir dir;
  std::vector<std::string> notes;
  LogOptions options = options_in(dir);
  options.on_checkpoint = [&](std::string_view note) { notes.emplace_back(note); };
  auto log = open(options);
  ASSERT_TRUE(log->ring(0).append(denial("dec_1")));
  const std::uint64_t position = log->ring(0).position();
  ASSERT_TRUE(log->flush());
  EXPECT_GE(log->ring(0).durable(), position);
  ASSERT_TRUE(log->checkpoint());
  EXPECT_EQ(log->state().checkpointed, 2u);
  EXPECT_EQ(log->position().seq, 2u);
  ASSERT_TRUE(log->stop());
  const auto keys = test::key_in(dir);
  ASSERT_GE(notes.size(), 3u);
  std::uint64_t size = 0;
  for (const std::string& note : notes) {
    const auto checkpoint = open_checkpoint(note, keys);
    ASSERT_TRUE(checkpoint) << checkpoint.error().message;
    EXPECT_GE(checkpoint->size, size);
    size = checkpoint->size;
  }
}

TEST(LogWriterTest, SegmentsRotateAndEachStatesItsTree) {
  TempDir dir;
  LogOptions options = options_in(dir);
  options.segment_bytes = 4096;
  auto log = open(options);
  for (std::uint64_t i = 0; i < 200; ++i) {
    ASSERT_TRUE(log->ring(0).append(denial(id_of(i))));
    if (i % 20 == 0) {
      ASSERT_TRUE(log->flush());
    }
  }
  ASSERT_TRUE(log->stop());
  const VerifyReport report = verified(dir);
  EXPECT_TRUE(report.ok) << why(report);
  EXPECT_GT(report.segments, 5u);
  EXPECT_EQ(report.signed_records, report.records);
}

TEST(LogWriterTest, RetentionRemovesWholeSegmentsAndSaysSo) {
  TempDir dir;
  FakeClock clock;
  LogOptions options = options_in(dir);
  options.clock = &clock;
  options.segment_bytes = 2048;
  options.retention = std::chrono::hours(48);
  auto core = LogCore::open(options);
  ASSERT_TRUE(core) << core.error().message;
  std::uint64_t number = 0;
  for (int day = 0; day < 6; ++day) {
    for (int i = 0; i < 10; ++i) {
      ASSERT_TRUE((*core)->rings()[0]->append(denial(id_of(number++), "r", clock.wall_us())));
      ASSERT_TRUE((*core)->pass({}).status);
    }
    clock.advance_us(24LL * 3600 * 1'000'000);
  }
  ASSERT_TRUE((*core)->stop());
  core->reset();
  const std::string writer = test::only_writer(dir / "log");
  const auto segments = list_segments(writer);
  ASSERT_TRUE(segments);
  EXPECT_GT(segments->front().first, 0u);
  VerifyReport report = verified(dir);
  EXPECT_TRUE(report.ok) << why(report);
  EXPECT_FALSE(report.notes.empty());
  // One more than retention took is missed.
  std::filesystem::remove(segments->front().path);
  report = verified(dir);
  EXPECT_FALSE(report.ok);
}

TEST(LogWriterTest, RetentionReachesAcrossEpochs) {
  TempDir dir;
  FakeClock clock;
  LogOptions options = options_in(dir);
  options.clock = &clock;
  options.retention = std::chrono::hours(48);
  for (int start = 0; start < 5; ++start) {
    auto core = LogCore::open(options);
    ASSERT_TRUE(core) << core.error().message;
    ASSERT_TRUE(
        (*core)->rings()[0]->append(denial(id_of(static_cast<std::uint64_t>(start)), "r", clock.wall_us())));
    ASSERT_TRUE((*core)->stop());
    clock.advance_us(24LL * 3600 * 1'000'000);
  }
  const VerifyReport report = verified(dir);
  EXPECT_TRUE(report.ok) << why(report);
  EXPECT_LT(report.epochs, 5u);
}

TEST(LogWriterTest, T314_TheClockMayGoBackAndRecordsMayShareATime) {
  TempDir dir;
  FakeClock clock;
  LogOptions options = options_in(dir);
  options.clock = &clock;
  auto core = LogCore::open(options);
  ASSERT_TRUE(core);
  for (std::uint64_t i = 0; i < 4; ++i) {
    ASSERT_TRUE((*core)->rings()[0]->append(denial(id_of(i), "r", clock.wall_us())));
    ASSERT_TRUE((*core)->rings()[0]->append(denial(id_of(100 + i), "r", clock.wall_us())));
    ASSERT_TRUE((*core)->pass({}).status);
    clock.step_wall_us(-24LL * 3600 * 1'000'000);
  }
  ASSERT_TRUE((*core)->stop());
  core->reset();
  const VerifyReport report = verified(dir);
  EXPECT_TRUE(report.ok) << why(report);
  const auto found = events(dir);
  EXPECT_EQ(std::count(found.begin(), found.end(), "clock_step"), 4);
  EXPECT_EQ(std::count(found.begin(), found.end(), "call.denied"), 8);
}

TEST(LogWriterTest, CommitmentsOpenUntilTheirValueIsErased) {
  TempDir dir;
  auto log = open(options_in(dir));
  RecordBuffer values;
  const Commitment commitment = make_commitment("dec_1", "args.name", R"("J\u00fcrgen \"x\"")", values);
  ASSERT_TRUE(log->ring(0).append(commitment.entry, EntryKind::value));
  const std::array<ValueRef, 1> refs = {{{"args.name", {commitment.hex.data(), 64}}}};
  CallRecord record;
  record.id = "dec_1";
  record.verdict = "allow";
  record.values = refs;
  RecordBuffer buffer;
  ASSERT_TRUE(log->ring(0).append_intent(write_intent(record, buffer)));
  EXPECT_FALSE(erase_values(dir / "log", "dec_1"));  // the writer is at work
  ASSERT_TRUE(log->stop());
  log.reset();
  const auto files = list_value_files(test::only_writer(dir / "log"));
  ASSERT_EQ(files.size(), 1u);
  const std::string line = test::lines_of(test::read_file(files.front())).at(0);
  json::Reader reader;
  const auto entry = reader.read(line);
  ASSERT_TRUE(entry);
  const auto salt = from_hex(entry->find("salt").string());
  EXPECT_EQ(to_hex(sha256(*salt + std::string(entry->find("value").string()))),
            std::string(commitment.hex.data(), 64));
  EXPECT_EQ(*erase_values(dir / "log", "dec_1"), 1u);
  EXPECT_EQ(test::read_file(files.front()), "");
  const VerifyReport report = verified(dir);
  EXPECT_TRUE(report.ok) << why(report);
}

// T311: processes and threads append at once.
TEST(LogWriterTest, T311_FourProcessesOfSixteenThreadsForkNoChain) {
  TempDir dir;
  constexpr unsigned kProcesses = 4;
  constexpr unsigned kThreads = 16;
  constexpr std::uint64_t kEach = 100;
  void* shared = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(shared, MAP_FAILED);
  auto& opened = *new (shared) std::atomic<unsigned>(0);
  std::vector<pid_t> children;
  for (unsigned process = 0; process < kProcesses; ++process) {
    const pid_t child = ::fork();
    if (child == 0) {
      LogOptions options = options_in(dir);
      options.rings = kThreads;
      options.ring_bytes = 65536;
      auto log = LogWriter::open(options);
      if (!log) ::_exit(2);
      ++opened;
      while (opened < kProcesses) std::this_thread::yield();
      std::vector<std::thread> threads;
      for (unsigned thread = 0; thread < kThreads; ++thread) {
        threads.emplace_back([&, thread] {
          for (std::uint64_t i = 0; i < kEach; ++i) {
            const std::string id = id_of((process * kThreads + thread) * kEach + i);
            while (!(*log)->ring(thread).append_intent(intent(id))) std::this_thread::yield();
            (*log)->ring(thread).append_outcome(outcome(id));
          }
        });
      }
      for (std::thread& thread : threads) thread.join();
      ::_exit((*log)->stop() ? 0 : 3);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  ::munmap(shared, 4096);
  const VerifyReport report = verified(dir);
  EXPECT_TRUE(report.ok) << why(report);
  EXPECT_EQ(report.writers, kProcesses);
  std::multiset<std::string> intents;
  LogReader reader(dir / "log");
  Query query;
  query.event = "call.intent";
  ASSERT_TRUE(reader.for_each(query, [&](const RecordView& record) {
    intents.emplace(record.text("id"));
    return true;
  }));
  EXPECT_EQ(intents.size(), kProcesses * kThreads * kEach);
  EXPECT_EQ(std::set<std::string>(intents.begin(), intents.end()).size(), intents.size());
}

TEST(LogWriterTest, StoppingTwiceIsHarmless) {
  TempDir dir;
  auto log = open(options_in(dir));
  EXPECT_TRUE(log->stop());
  EXPECT_TRUE(log->stop());
  EXPECT_TRUE(log->flush());
}

}  // namespace
}  // namespace doorward::audit
