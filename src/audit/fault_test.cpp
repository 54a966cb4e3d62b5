#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <set>

#include "audit/chain.h"
#include "audit/reader.h"
#include "audit/recovery.h"
#include "audit/test_support.h"

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

/// Files whose n-th operation fails, once or until told otherwise.
class FaultyFiles final : public FileOps {
 public:
  enum Operation : unsigned {
    kOpen = 1,
    kWrite = 2,
    kSync = 4,
    kTruncate = 8,
    kRename = 16,
    kDirectory = 32,
    kAll = 63
  };

  /// The operation number `nth` (from 1) of those in `which`, counted from now, and the `more` after it fail.
  void arm(unsigned which, int code, std::uint64_t nth, std::uint64_t more = 0) {
    which_ = which;
    code_ = code;
    first_ = count_ + nth;
    last_ = first_ + more;
  }
  void disarm() { which_ = 0; }
  std::uint64_t failed() const { return failed_; }

  int open(const std::string& path, int flags, unsigned mode) override {
    return fails(kOpen) ? -code_ : FileOps::open(path, flags, mode);
  }
  ssize_t write(int fd, const char* data, std::size_t size) override {
    if (!fails(kWrite)) return FileOps::write(fd, data, size);
    // As a full disk does: a part still fits.
    if (size > 1 && code_ == ENOSPC && !partial_) {
      partial_ = true;
      --failed_;
      last_ = std::max(last_, count_ + 1);
      return FileOps::write(fd, data, size / 2);
    }
    partial_ = false;
    return -code_;
  }
  int fdatasync(int fd) override { return fails(kSync) ? -code_ : FileOps::fdatasync(fd); }
  int truncate(int fd, off_t size) override {
    return fails(kTruncate) ? -code_ : FileOps::truncate(fd, size);
  }
  int rename(const std::string& from, const std::string& to) override {
    return fails(kRename) ? -code_ : FileOps::rename(from, to);
  }
  int sync_directory(const std::string& path) override {
    return fails(kDirectory) ? -code_ : FileOps::sync_directory(path);
  }

 private:
  bool fails(unsigned operation) {
    if ((which_ & operation) == 0) return false;
    ++count_;
    if (count_ < first_ || count_ > last_) return false;
    ++failed_;
    return true;
  }

  unsigned which_ = 0;
  int code_ = 0;
  std::uint64_t count_ = 0;
  std::uint64_t first_ = 0;
  std::uint64_t last_ = 0;
  std::uint64_t failed_ = 0;
  bool partial_ = false;
};

std::map<std::string, int> counts(const TempDir& dir) {
  std::map<std::string, int> found;
  LogReader reader(dir / "log");
  EXPECT_TRUE(reader.for_each({}, [&](const RecordView& record) {
    ++found[std::string(record.text("event"))];
    ++found[std::string(record.text("event")) + " " + std::string(record.text("id"))];
    return true;
  }));
  return found;
}

LogOptions faulty_options(const TempDir& dir, FaultyFiles& files, FakeClock& clock) {
  LogOptions options = options_in(dir);
  options.files = &files;
  options.clock = &clock;
  options.segment_bytes = 4000;
  options.ring_bytes = 65536;
  options.checkpoint_records = 5;
  return options;
}

/// One scripted run with one fault: everything appended is in the log at the end, once, and the chain is
/// whole.
void run_with_fault(unsigned which, int code, std::uint64_t nth, std::uint64_t more, Durability durability,
                    bool* reached) {
  TempDir dir;
  FaultyFiles files;
  FakeClock clock;
  LogOptions options = faulty_options(dir, files, clock);
  options.durability = durability;
  auto core = LogCore::open(options);
  ASSERT_TRUE(core) << core.error().message;
  files.arm(which, code, nth, more);
  Ring& ring = *(*core)->rings()[0];
  constexpr std::uint64_t kCalls = 14;
  for (std::uint64_t i = 0; i < kCalls; ++i) {
    ASSERT_TRUE(ring.append_intent(intent(id_of(i))));
    LogCore::Round round = (*core)->pass({});
    ASSERT_EQ((*core)->accepting(), round.status.has_value());
    // A round that mends takes nothing new.
    if (round.status && ring.durable() < ring.position()) round = (*core)->pass({});
    if (durability == Durability::power && round.status) {
      ASSERT_EQ(ring.durable(), ring.position());
    }
    ring.append_outcome(outcome(id_of(i)));
    clock.advance_us(300'000);
  }
  for (int i = 0; i < 20 && !(*core)->accepting(); ++i) {
    (*core)->pass({});
    clock.advance_us(600'000);
  }
  ASSERT_TRUE((*core)->accepting()) << (*core)->state().failure;
  Status stopped = (*core)->stop();
  for (int i = 0; i < 20 && !stopped; ++i) stopped = (*core)->stop();
  ASSERT_TRUE(stopped) << stopped.error().message;
  core->reset();
  *reached = files.failed() != 0;
  const VerifyReport report = verified(dir);
  ASSERT_TRUE(report.ok) << why(report) << " which " << which << " nth " << nth;
  auto found = counts(dir);
  for (std::uint64_t i = 0; i < kCalls; ++i) {
    ASSERT_EQ(found["call.intent " + id_of(i)], 1) << i;
    ASSERT_EQ(found["call.outcome " + id_of(i)], 1) << i;
  }
}

TEST(FaultTest, EveryOperationMayFailOnceOrForAWhile) {
  for (const Durability durability : {Durability::process, Durability::power}) {
    for (const int code : {EIO, ENOSPC}) {
      for (const std::uint64_t more : {0u, 6u}) {
        bool reached = true;
        for (std::uint64_t nth = 1; reached && nth < 400; nth += more == 0 ? 1 : 5) {
          run_with_fault(FaultyFiles::kAll, code, nth, more, durability, &reached);
          if (HasFatalFailure()) FAIL() << "code " << code << " nth " << nth << " more " << more;
        }
        EXPECT_FALSE(reached);
      }
    }
  }
}

TEST(FaultTest, AFailedSyncIsNeverTriedAgainOnItsFile) {
  TempDir dir;
  FaultyFiles files;
  FakeClock clock;
  LogOptions options = faulty_options(dir, files, clock);
  options.segment_bytes = 1u << 20;
  auto core = LogCore::open(options);
  ASSERT_TRUE(core);
  ASSERT_TRUE((*core)->rings()[0]->append(denial("dec_1")));
  ASSERT_TRUE((*core)->pass({true, false}).status);
  const std::string writer = test::only_writer(dir / "log");
  const std::string first = list_segments(writer)->front().path;
  const std::string before = test::read_file(first);
  ASSERT_TRUE((*core)->rings()[0]->append(denial("dec_2")));
  files.arm(FaultyFiles::kSync, EIO, 1);
  EXPECT_FALSE((*core)->pass({true, false}).status);
  EXPECT_FALSE((*core)->accepting());
  EXPECT_GT(test::read_file(first).size(), before.size());
  clock.advance_us(1'000'000);
  ASSERT_TRUE((*core)->pass({}).status);
  EXPECT_TRUE((*core)->accepting());
  // The old file ends with what an earlier sync promised; a new one holds the rest.
  EXPECT_EQ(test::read_file(first), before);
  EXPECT_EQ(list_segments(writer)->size(), 2u);
  ASSERT_TRUE((*core)->stop());
  core->reset();
  EXPECT_TRUE(verified(dir).ok) << why(verified(dir));
}

TEST(FaultTest, LostSyncedDataIsNotPaperedOver) {
  TempDir dir;
  FaultyFiles files;
  FakeClock clock;
  auto core = LogCore::open(faulty_options(dir, files, clock));
  ASSERT_TRUE(core);
  ASSERT_TRUE((*core)->rings()[0]->append(denial("dec_1")));
  ASSERT_TRUE((*core)->pass({true, false}).status);
  const std::string path = list_segments(test::only_writer(dir / "log"))->front().path;
  ASSERT_TRUE((*core)->rings()[0]->append(denial("dec_2")));
  files.arm(FaultyFiles::kSync, EIO, 1);
  EXPECT_FALSE((*core)->pass({true, false}).status);
  std::string bytes = test::read_file(path);
  bytes[300] = static_cast<char>(bytes[300] ^ 1);
  test::write_file(path, bytes);
  clock.advance_us(1'000'000);
  const LogCore::Round round = (*core)->pass({});
  ASSERT_FALSE(round.status);
  EXPECT_EQ(round.status.error().kind, ErrorKind::corrupt);
  EXPECT_FALSE((*core)->accepting());
}

TEST(FaultTest, AFullDiskRefusesCallsCountsDenialsAndResumes) {
  TempDir dir;
  FaultyFiles files;
  FakeClock clock;
  std::vector<std::pair<bool, std::string>> states;
  LogOptions options = faulty_options(dir, files, clock);
  options.on_state = [&](bool accepting, std::string_view reason) { states.emplace_back(accepting, reason); };
  auto core = LogCore::open(options);
  ASSERT_TRUE(core);
  Ring& ring = *(*core)->rings()[0];
  ASSERT_TRUE(ring.append_intent(intent("dec_open")));
  files.arm(FaultyFiles::kWrite, ENOSPC, 1, 1'000'000);
  EXPECT_FALSE((*core)->pass({}).status);
  EXPECT_FALSE((*core)->accepting());
  std::uint64_t kept = 0;
  std::uint64_t number = 0;
  while (ring.append(denial(id_of(number++)))) ++kept;
  for (int i = 0; i < 9; ++i) EXPECT_FALSE(ring.append(denial(id_of(number++))));
  EXPECT_FALSE(ring.append_intent(intent("dec_refused")));
  ring.append_outcome(outcome("dec_open"));
  clock.advance_us(1'000'000);
  EXPECT_FALSE((*core)->pass({}).status);
  files.disarm();
  clock.advance_us(1'000'000);
  EXPECT_TRUE((*core)->pass({}).status);
  EXPECT_TRUE((*core)->accepting());
  clock.advance_us(2'000'000);
  ASSERT_TRUE((*core)->pass({}).status);
  EXPECT_EQ((*core)->state().lost_records, 10u);
  EXPECT_EQ((*core)->state().refused_intents, 1u);
  ASSERT_TRUE((*core)->stop());
  core->reset();
  ASSERT_EQ(states.size(), 2u);
  EXPECT_FALSE(states[0].first);
  EXPECT_NE(states[0].second.find("free space"), std::string::npos);
  EXPECT_TRUE(states[1].first);
  EXPECT_TRUE(verified(dir).ok) << why(verified(dir));
  const auto found = counts(dir);
  EXPECT_EQ(found.at("call.denied"), static_cast<int>(kept));
  EXPECT_EQ(found.at("call.outcome dec_open"), 1);
  std::uint64_t lost = 0;
  LogReader reader(dir / "log");
  Query query;
  query.event = "records.lost";
  ASSERT_TRUE(reader.for_each(query, [&](const RecordView& record) {
    lost += std::stoull(std::string(record.root.find("records").number()));
    return true;
  }));
  EXPECT_EQ(lost, 10u);
}

/// A crash amid the replacement of a file whose sync failed leaves both names, or an unfinished copy.
TEST(RecoveryTest, ACrashAmidAReplacementLosesAndRepeatsNothing) {
  TempDir dir;
  FakeClock clock;
  FaultyFiles files;
  LogOptions options = faulty_options(dir, files, clock);
  options.segment_bytes = 1u << 20;
  std::string writer;
  {
    auto core = LogCore::open(options);
    ASSERT_TRUE(core);
    writer = test::only_writer(dir / "log");
    for (std::uint64_t i = 0; i < 10; ++i) ASSERT_TRUE((*core)->rings()[0]->append(denial(id_of(i))));
    ASSERT_TRUE((*core)->pass({true, false}).status);
  }
  const SegmentFile segment = list_segments(writer)->front();
  const std::vector<std::string> lines = test::lines_of(test::read_file(segment.path));
  ASSERT_EQ(lines.size(), 11u);
  std::string tail;
  for (std::size_t i = 6; i < lines.size(); ++i) tail += lines[i] + "\n";
  test::write_file(segment_path(writer, 1, 6), tail);
  test::write_file(segment_path(writer, 1, 8) + ".part", "unfinished");
  auto core = LogCore::open(options);
  ASSERT_TRUE(core) << core.error().message;
  EXPECT_EQ((*core)->recovery().problem, "");
  ASSERT_TRUE((*core)->stop());
  core->reset();
  EXPECT_TRUE(verified(dir).ok) << why(verified(dir));
  EXPECT_EQ(counts(dir)["call.denied"], 10);
  EXPECT_TRUE(list_segments(writer, kPartSuffix)->empty());
}

class LeftBehindTest : public ::testing::Test {
 protected:
  /// A process that dies after it has appended three calls, one of them unanswered, with or without a drain.
  void leave(bool drained) {
    const pid_t child = ::fork();
    if (child == 0) {
      auto core = LogCore::open(options_in(dir_));
      if (!core) ::_exit(2);
      Ring& ring = *(*core)->rings()[0];
      for (std::uint64_t i = 0; i < 3; ++i)
        (void)ring.append_intent(intent(id_of(i), "tool\n" + std::to_string(i)));
      ring.append_outcome(outcome(id_of(0)));
      ring.append_outcome(outcome(id_of(1)));
      if (drained) (void)(*core)->pass({});
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
    writer_ = test::only_writer(dir_ / "log");
  }

  void expect_recovered(std::uint64_t from_rings) {
    auto core = LogCore::open(options_in(dir_));
    ASSERT_TRUE(core) << core.error().message;
    EXPECT_EQ((*core)->recovery().from_rings, from_rings);
    EXPECT_EQ((*core)->recovery().unknown_outcomes, 1u);
    EXPECT_FALSE((*core)->recovery().clean);
    EXPECT_EQ((*core)->recovery().problem, "");
    ASSERT_TRUE((*core)->stop());
    core->reset();
    const VerifyReport report = verified(dir_);
    EXPECT_TRUE(report.ok) << why(report);
    auto found = counts(dir_);
    for (std::uint64_t i = 0; i < 3; ++i) EXPECT_EQ(found["call.intent " + id_of(i)], 1);
    EXPECT_EQ(found["call.outcome"], 2);
    EXPECT_EQ(found["call.outcome_unknown " + id_of(2)], 1);
    EXPECT_EQ(found["call.outcome_unknown"], 1);
    // And once more: nothing is found twice.
    core = LogCore::open(options_in(dir_));
    ASSERT_TRUE(core);
    EXPECT_EQ((*core)->recovery().from_rings, 0u);
    EXPECT_EQ((*core)->recovery().unknown_outcomes, 0u);
    EXPECT_TRUE((*core)->recovery().clean);
  }

  std::string newest() { return list_segments(writer_)->back().path; }

  TempDir dir_;
  std::string writer_;
};

TEST_F(LeftBehindTest, WhatStoodInTheRingsOnlyIsRecorded) {
  leave(false);
  expect_recovered(5);
}

TEST_F(LeftBehindTest, WhatWasDrainedIsNotRepeated) {
  leave(true);
  expect_recovered(0);
}

/// The process died between the write to the segment and the release of the ring.
TEST_F(LeftBehindTest, WhatWasWrittenButNotReleasedIsNotRepeated) {
  leave(false);
  const std::string ring = test::read_file(ring_path(writer_, 0));
  {
    // What the audit thread had written by then: an epoch's chain goes on with the ring's first entries.
    const auto left = Ring::recover(ring_path(writer_, 0));
    ASSERT_EQ(left->entries.size(), 5u);
    std::string bytes = test::read_file(newest());
    const std::vector<std::string> lines = test::lines_of(bytes);
    ASSERT_EQ(lines.size(), 1u);
    std::string again;
    Chain chain(std::string(parse_head(lines[0])->writer), 1);
    chain.append(again, parse_head(lines[0])->members);
    ASSERT_EQ(again, bytes);
    for (std::size_t i = 0; i < 3; ++i) chain.append(again, left->entries[i].bytes);
    test::write_file(newest(), again);
  }
  expect_recovered(2);
}

TEST_F(LeftBehindTest, T312_ATornLastRecordIsCut) {
  leave(true);
  const std::string bytes = test::read_file(newest());
  test::write_file(newest(), bytes + "{\"v\":1,\"writer\":\"gate");
  auto core = LogCore::open(options_in(dir_));
  ASSERT_TRUE(core);
  EXPECT_EQ((*core)->recovery().cut_bytes, 21u);
  EXPECT_EQ((*core)->recovery().unknown_outcomes, 1u);
  ASSERT_TRUE((*core)->stop());
  core->reset();
  EXPECT_TRUE(verified(dir_).ok) << why(verified(dir_));
}

TEST_F(LeftBehindTest, T312_AnEmptyNewestSegmentContinuesFromTheOneBefore) {
  leave(true);
  test::write_file(segment_path(writer_, 1, 6), "");
  test::write_file(segment_path(writer_, 2, 0), "");
  expect_recovered(0);
  EXPECT_EQ(list_segments(writer_)->back().epoch, 4u);
}

TEST_F(LeftBehindTest, AChangedRecordIsLeftForTheAuditor) {
  leave(true);
  std::string bytes = test::read_file(newest());
  bytes[bytes.find("dec_0") + 4] = '9';
  test::write_file(newest(), bytes);
  auto core = LogCore::open(options_in(dir_));
  ASSERT_TRUE(core) << core.error().message;
  EXPECT_NE((*core)->recovery().problem, "");
  ASSERT_TRUE((*core)->stop());
  core->reset();
  const VerifyReport report = verified(dir_);
  EXPECT_FALSE(report.ok);
  EXPECT_EQ(report.first_bad->epoch, 1u);
  EXPECT_EQ(report.first_bad->seq, 1u);
}

}  // namespace
}  // namespace doorward::audit
