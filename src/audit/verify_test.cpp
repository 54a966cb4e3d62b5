#include "audit/verify.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "audit/chain.h"
#include "audit/test_support.h"
#include "base/encoding.h"

namespace doorward::audit {
namespace {

using test::denial;
using test::id_of;
using test::lines_of;
using test::read_file;
using test::TempDir;
using test::why;
using test::write_file;

/// A log of one writer with some segments, made without a thread so that it is the same each time but for
/// keys.
class VerifyTest : public ::testing::Test {
 protected:
  void make(std::uint64_t records, std::uint64_t segment_bytes = 1u << 30, int epochs = 1,
            std::uint64_t sign_every = 1000) {
    for (int epoch = 0; epoch < epochs; ++epoch) {
      LogOptions options = test::options_in(dir_);
      options.clock = &clock_;
      options.segment_bytes = segment_bytes;
      options.checkpoint_records = sign_every;
      options.on_checkpoint = [this](std::string_view note) { notes_.emplace_back(note); };
      auto core = LogCore::open(options);
      ASSERT_TRUE(core) << core.error().message;
      for (std::uint64_t i = 0; i < records; ++i) {
        ASSERT_TRUE((*core)->rings()[0]->append(denial(id_of(i), "r", clock_.wall_us())));
        clock_.advance_us(200'000);
        if (i % 10 == 9) {
          ASSERT_TRUE((*core)->pass({}).status);
        }
      }
      ASSERT_TRUE((*core)->stop());
    }
    writer_ = test::only_writer(dir_ / "log");
    segments_ = *list_segments(writer_);
    original_ = read_file(segments_.front().path);
  }

  VerifyReport verify(VerifyOptions options = {}) { return test::verified(dir_, std::move(options)); }

  VerifyReport verify_changed(std::string_view bytes) {
    write_file(segments_.front().path, bytes);
    return verify();
  }

  std::string joined(const std::vector<std::string>& lines) {
    std::string bytes;
    for (const std::string& line : lines) bytes += line + "\n";
    return bytes;
  }

  TempDir dir_;
  FakeClock clock_;
  std::string writer_;
  std::vector<SegmentFile> segments_;
  std::string original_;
  std::vector<std::string> notes_;
};

TEST_F(VerifyTest, T310_EveryFlippedByteIsFoundAtItsRecord) {
  make(10);
  ASSERT_TRUE(verify().ok) << why(verify());
  std::uint64_t record = 0;
  for (std::size_t i = 0; i < original_.size(); ++i) {
    std::string changed = original_;
    changed[i] = static_cast<char>(changed[i] ^ 0x04);
    const VerifyReport report = verify_changed(changed);
    ASSERT_FALSE(report.ok) << "byte " << i;
    ASSERT_EQ(report.first_bad->seq, record) << "byte " << i << ": " << why(report);
    ASSERT_EQ(report.first_bad->line, record + 1) << "byte " << i << ": " << why(report);
    if (original_[i] == '\n') ++record;
  }
}

TEST_F(VerifyTest, T310_DeletedInsertedSwappedAndRepeatedRecordsAreNamed) {
  make(30);
  const std::vector<std::string> lines = lines_of(original_);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::vector<std::string> changed = lines;
    changed.erase(changed.begin() + static_cast<long>(i));
    VerifyReport report = verify_changed(joined(changed));
    ASSERT_FALSE(report.ok) << i;
    EXPECT_EQ(report.first_bad->seq, i) << why(report);

    changed = lines;
    changed.insert(changed.begin() + static_cast<long>(i), lines[i]);
    report = verify_changed(joined(changed));
    ASSERT_FALSE(report.ok) << i;
    EXPECT_EQ(report.first_bad->seq, i + 1) << why(report);

    if (i + 1 < lines.size()) {
      changed = lines;
      std::swap(changed[i], changed[i + 1]);
      report = verify_changed(joined(changed));
      ASSERT_FALSE(report.ok) << i;
      EXPECT_EQ(report.first_bad->seq, i) << why(report);
    }
  }
}

TEST_F(VerifyTest, T310_ACutAtAnyPlaceIsFound) {
  make(12);
  for (std::size_t size = 0; size < original_.size(); size += 7) {
    EXPECT_FALSE(verify_changed(original_.substr(0, size)).ok) << size;
  }
}

TEST_F(VerifyTest, T310_AFirstSegmentThatIsGoneIsMissed) {
  make(100, 4096);
  ASSERT_GT(segments_.size(), 3u);
  ASSERT_TRUE(verify().ok) << why(verify());
  std::filesystem::remove(segments_[0].path);
  VerifyReport report = verify();
  ASSERT_FALSE(report.ok);
  EXPECT_EQ(report.first_bad->seq, segments_[1].first);
  write_file(segments_[0].path, original_);
  std::filesystem::remove(segments_[2].path);
  report = verify();
  ASSERT_FALSE(report.ok);
  EXPECT_EQ(report.first_bad->seq, segments_[2].first);
  EXPECT_NE(report.first_bad->reason.find("missing"), std::string::npos);
}

TEST_F(VerifyTest, AFirstEpochThatIsGoneIsMissed) {
  make(5, 1u << 30, 3);
  ASSERT_TRUE(verify().ok) << why(verify());
  std::filesystem::remove(segments_[0].path);
  std::filesystem::remove(checkpoints_path(writer_, 1));
  VerifyReport report = verify();
  ASSERT_FALSE(report.ok);
  EXPECT_EQ(report.first_bad->epoch, 2u);
  write_file(segments_[0].path, original_);
  std::filesystem::remove(segments_[1].path);
  report = verify();
  ASSERT_FALSE(report.ok);
  EXPECT_EQ(report.first_bad->epoch, 3u);
}

/// Rewrites a whole log with a fresh, valid chain that leaves one record out, as somebody without the key
/// could.
std::string rechained(const std::vector<std::string>& lines, std::size_t without) {
  std::string bytes;
  std::string writer(parse_head(lines[0])->writer);
  Chain chain(writer, 1);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i != without) chain.append(bytes, parse_head(lines[i])->members);
  }
  return bytes;
}

TEST_F(VerifyTest, T310_AFreshValidChainContradictsTheSignedHeads) {
  make(40, 1u << 30, 1, 10);
  const VerifyReport report = verify_changed(rechained(lines_of(original_), 25));
  ASSERT_FALSE(report.ok);
  EXPECT_LE(report.first_bad->seq, 25u);
  EXPECT_GT(report.first_bad->seq, 10u) << why(report);
  EXPECT_NE(report.first_bad->reason.find("signed"), std::string::npos);
}

TEST_F(VerifyTest, T310_ACheckpointKeptElsewhereCatchesRollbackAndReplacement) {
  make(40, 1u << 30, 1, 10);
  VerifyOptions options;
  options.external = {notes_[1], notes_.back()};
  ASSERT_TRUE(verify(options).ok) << why(verify(options));

  // Rolled back to an earlier state, signed heads and all.
  const Checkpoint earlier = *parse_checkpoint(notes_[2]);
  std::vector<std::string> lines = lines_of(original_);
  lines.resize(earlier.size);
  write_file(segments_[0].path, joined(lines));
  write_file(checkpoints_path(writer_, 1), notes_[0] + "\n" + notes_[1] + "\n" + notes_[2]);
  EXPECT_TRUE(verify().ok) << why(verify());
  VerifyReport report = verify(options);
  ASSERT_FALSE(report.ok);
  EXPECT_EQ(report.first_bad->seq, earlier.size) << why(report);

  // Replaced as a whole, without heads.
  write_file(segments_[0].path, rechained(lines_of(original_), 5));
  std::filesystem::remove(checkpoints_path(writer_, 1));
  report = verify();
  EXPECT_TRUE(report.ok);
  EXPECT_EQ(report.signed_records, 0u);
  EXPECT_FALSE(report.notes.empty());
  report = verify(options);
  ASSERT_FALSE(report.ok);

  // Gone altogether.
  std::filesystem::remove_all(writer_);
  EXPECT_TRUE(verify().ok);
  report = verify(options);
  ASSERT_FALSE(report.ok);
  EXPECT_NE(report.first_bad->reason.find("not here"), std::string::npos);
}

TEST_F(VerifyTest, T315_HeadsOfOtherKeysAndOtherLogsAreRefused) {
  make(15, 1u << 30, 1, 5);
  const auto stranger = make_ed25519_signer(std::string(32, 's'));
  const Checkpoint head = *parse_checkpoint(notes_.back());
  const std::string path = checkpoints_path(writer_, 1);
  const std::string good = read_file(path);

  write_file(path, good + "\n" + *sign_checkpoint(head, **stranger));
  VerifyReport report = verify();
  ASSERT_FALSE(report.ok);
  EXPECT_EQ(report.first_bad->file, path);
  EXPECT_GT(report.first_bad->line, 1u);
  write_file(path, good);

  VerifyOptions options;
  options.external = {*sign_checkpoint(head, **stranger)};
  EXPECT_FALSE(verify(options).ok);
  options.external = {"not a note"};
  EXPECT_FALSE(verify(options).ok);

  // A head of another replica is signed well, and of no record here.
  const auto signer = load_or_create_signer(dir_ / "keys");
  options.external = {*sign_checkpoint({"gateway-other", 1, head.size, head.root}, **signer)};
  report = verify(options);
  ASSERT_FALSE(report.ok);
  EXPECT_EQ(report.first_bad->writer, "gateway-other");
  // One of this log that was never made.
  options.external = {*sign_checkpoint({head.writer, 1, 7, sha256("x")}, **signer)};
  report = verify(options);
  ASSERT_FALSE(report.ok);
  options.external = {*sign_checkpoint({head.writer, 9, 7, sha256("x")}, **signer)};
  EXPECT_FALSE(verify(options).ok);

  // The old key, after another one was put in its place.
  options.external = {};
  options.keys = {(*stranger)->public_key()};
  const auto wrong = verify_log(dir_ / "log", options);
  ASSERT_TRUE(wrong);
  EXPECT_FALSE(wrong->ok);
  options.keys = {(*stranger)->public_key(), test::key_in(dir_).front()};
  EXPECT_TRUE(verify_log(dir_ / "log", options)->ok);
}

TEST_F(VerifyTest, SinceACheckpointOnlyLaterSegmentsAreRead) {
  make(200, 4096);
  ASSERT_GT(segments_.size(), 5u);
  const VerifyReport whole = verify();
  ASSERT_TRUE(whole.ok) << why(whole);
  const Checkpoint middle = [&] {
    for (const std::string& note : notes_) {
      if (Checkpoint checkpoint = *parse_checkpoint(note); checkpoint.size > segments_[3].first)
        return checkpoint;
    }
    return Checkpoint{};
  }();
  const auto signer = load_or_create_signer(dir_ / "keys");
  VerifyOptions options;
  options.since = *sign_checkpoint(middle, **signer);
  VerifyReport report = verify(options);
  EXPECT_TRUE(report.ok) << why(report);
  EXPECT_LT(report.records, whole.records);
  EXPECT_GT(report.records, 0u);

  // The part before is not read, the part after is.
  write_file(segments_[0].path, "rubbish");
  EXPECT_TRUE(verify(options).ok) << why(verify(options));
  std::string last = read_file(segments_.back().path);
  last[last.size() / 2] = static_cast<char>(last[last.size() / 2] ^ 1);
  write_file(segments_.back().path, last);
  EXPECT_FALSE(verify(options).ok);

  // A head that is not this log's, or not signed, is no start.
  options.since = *sign_checkpoint({middle.writer, middle.epoch, middle.size, sha256("x")}, **signer);
  EXPECT_FALSE(verify(options).ok);
  options.since = note_text(middle) + "\n";
  options.keys = test::key_in(dir_);
  EXPECT_FALSE(verify_log(dir_ / "log", options));
  options.keys.clear();
  EXPECT_FALSE(verify_log(dir_ / "log", options));
}

TEST_F(VerifyTest, T315_AForgedStartIsRefused) {
  make(100, 4096);
  for (std::size_t i = 0; i < 2; ++i) std::filesystem::remove(segments_[i].path);
  // The first record left now claims another past; the heads signed say otherwise.
  std::string bytes = read_file(segments_[2].path);
  const std::size_t at = bytes.find("\"nodes\":[\"") + 10;
  bytes[at] = bytes[at] == '0' ? '1' : '0';
  write_file(segments_[2].path, bytes);
  const VerifyReport report = verify();
  ASSERT_FALSE(report.ok);
  EXPECT_EQ(report.first_bad->seq, segments_[2].first);
}

TEST_F(VerifyTest, AnExportedFileVerifiesLikeTheDirectory) {
  make(50, 4096, 2);
  std::string records;
  std::string checkpoints;
  for (const SegmentFile& segment : segments_) records += read_file(segment.path);
  for (const std::uint64_t epoch : list_checkpoint_epochs(writer_)) {
    checkpoints += (checkpoints.empty() ? "" : "\n") + read_file(checkpoints_path(writer_, epoch));
  }
  write_file(dir_ / "export.jsonl", records);
  VerifyOptions options;
  options.keys = test::key_in(dir_);
  auto report = verify_log(dir_ / "export.jsonl", options);
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->ok) << why(*report);
  EXPECT_EQ(report->signed_records, 0u);
  write_file(dir_ / "export.jsonl.checkpoints", checkpoints);
  report = verify_log(dir_ / "export.jsonl", options);
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->ok) << why(*report);
  EXPECT_EQ(report->signed_records, report->records);
  EXPECT_EQ(report->epochs, 2u);
  write_file(dir_ / "export.jsonl", records.substr(0, records.size() - 1));
  EXPECT_FALSE(verify_log(dir_ / "export.jsonl", options)->ok);
  write_file(dir_ / "export.jsonl", records.substr(original_.size()));
  EXPECT_FALSE(verify_log(dir_ / "export.jsonl", options)->ok);
  options.since = notes_[0];
  EXPECT_FALSE(verify_log(dir_ / "export.jsonl", options));
  EXPECT_FALSE(verify_log(dir_ / "nothing", {}));
}

TEST_F(VerifyTest, OneWritersDirectoryMayBeGiven) {
  make(10);
  VerifyOptions options;
  options.keys = test::key_in(dir_);
  EXPECT_TRUE(verify_log(writer_ + "/", options)->ok);
  options.since = notes_[0];
  EXPECT_TRUE(verify_log(writer_, options)->ok);
}

}  // namespace
}  // namespace doorward::audit
