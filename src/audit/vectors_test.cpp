#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <map>

#include "audit/chain.h"
#include "audit/test_support.h"

namespace doorward::audit {
namespace {

using test::denial;
using test::id_of;
using test::intent;
using test::lines_of;
using test::outcome;
using test::read_file;
using test::TempDir;
using test::write_file;

// Tests run in the project's root. With DOORWARD_UPDATE_VECTORS set the published files are made anew.
const std::string kVectors = "src/audit/testdata/vectors/";

using Files = std::map<std::string, std::string>;

std::string joined(const std::vector<std::string>& lines) {
  std::string bytes;
  for (const std::string& line : lines) bytes += line + "\n";
  return bytes;
}

/// A small log of two epochs, from a fixed key, writer and clock.
Files make_vectors() {
  TempDir dir;
  FakeClock clock;
  std::filesystem::create_directories(dir / "keys");
  std::filesystem::permissions(dir / "keys", std::filesystem::perms::owner_all);
  write_file(dir / "keys/audit.key", std::string(32, 'k'));
  std::filesystem::permissions(dir / "keys/audit.key",
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const std::string writer = dir / "log/gateway-vectors1";
  std::filesystem::create_directories(writer);
  write_file(writer + "/lock", "");
  std::vector<std::string> notes;
  for (int epoch = 0; epoch < 2; ++epoch) {
    LogOptions options = test::options_in(dir);
    options.clock = &clock;
    options.version = "0.0.0-vectors";
    options.segment_bytes = 2500;
    options.checkpoint_records = 4;
    options.on_checkpoint = [&](std::string_view note) { notes.emplace_back(note); };
    auto core = LogCore::open(options);
    EXPECT_TRUE(core) << core.error().message;
    for (std::uint64_t i = 0; i < 8; ++i) {
      Ring& ring = *(*core)->rings()[0];
      clock.advance_us(250'000);
      if (i % 3 == 2) {
        EXPECT_TRUE(ring.append(denial(id_of(i), "/tools/x/deny_if/0", clock.wall_us())));
      } else {
        EXPECT_TRUE(ring.append_intent(intent(id_of(i), "caf\xc3\xa9 \xe2\x80\xae\n\"\\", clock.wall_us())));
        ring.append_outcome(outcome(id_of(i), clock.wall_us() + 1234));
      }
      EXPECT_TRUE((*core)->pass({}).status);
    }
    EXPECT_TRUE((*core)->stop());
  }
  std::string good;
  const auto segments = list_segments(writer);
  for (const SegmentFile& segment : *segments) good += read_file(segment.path);
  const auto join_notes = [](const std::vector<std::string>& list) {
    std::string bytes;
    for (const std::string& note : list) bytes += (bytes.empty() ? "" : "\n") + note;
    return bytes;
  };
  const std::string checkpoints = join_notes(notes);
  const std::vector<std::string> lines = lines_of(good);

  Files files;
  files["audit.pub"] = read_file(dir / "keys/audit.pub");
  files["anchor.checkpoint"] = notes.back();
  files["good.jsonl"] = good;
  files["good.jsonl.checkpoints"] = checkpoints;

  std::vector<std::string> edited = lines;
  edited[5].replace(edited[5].find("\"server\":\"files\""), 16, "\"server\":\"fines\"");
  files["edited.jsonl"] = joined(edited);
  files["edited.jsonl.checkpoints"] = checkpoints;

  std::vector<std::string> cut = lines;
  cut.resize(cut.size() - 3);
  files["cut.jsonl"] = joined(cut);
  files["cut.jsonl.checkpoints"] = checkpoints;

  // From record 6 on the chain was made anew, without that record.
  std::string forked;
  Chain chain("gateway-vectors1", 1);
  for (std::size_t i = 0; i < lines.size() && parse_head(lines[i])->epoch == 1; ++i) {
    if (i != 6) chain.append(forked, parse_head(lines[i])->members);
  }
  files["forked.jsonl"] = forked;
  files["forked.jsonl.checkpoints"] = checkpoints;

  // Whole and signed, but of an earlier state than the anchor.
  const Checkpoint earlier = *parse_checkpoint(notes[1]);
  std::vector<std::string> rolled = lines;
  rolled.resize(earlier.size);
  files["rolled-back.jsonl"] = joined(rolled);
  files["rolled-back.jsonl.checkpoints"] = join_notes({notes[0], notes[1]});

  const auto stranger = make_ed25519_signer(std::string(32, 's'));
  files["wrong-key.jsonl"] = good;
  std::vector<std::string> forged;
  for (const std::string& note : notes)
    forged.push_back(*sign_checkpoint(*parse_checkpoint(note), **stranger));
  files["wrong-key.jsonl.checkpoints"] = join_notes(forged);
  return files;
}

struct Expectation {
  const char* name;
  bool anchored;
  bool ok;
  const char* record;  ///< epoch/seq of the first bad one
};

constexpr Expectation kExpectations[] = {
    {"good", true, true, ""},
    {"good", false, true, ""},
    {"edited", false, false, "1/5"},
    {"cut", false, false, "2/"},
    {"forked", false, false, "1/"},
    {"rolled-back", false, true, ""},
    {"rolled-back", true, false, "2/0"},
    {"wrong-key", false, false, "1/"},
};

TEST(VectorsTest, TheFormatIsTheOnePublished) {
  const Files files = make_vectors();
  if (std::getenv("DOORWARD_UPDATE_VECTORS") != nullptr) {
    std::filesystem::create_directories(kVectors);
    for (const auto& [name, bytes] : files) write_file(kVectors + name, bytes);
  }
  for (const auto& [name, bytes] : files) EXPECT_EQ(read_file(kVectors + name), bytes) << name;
}

TEST(VectorsTest, TheVerifierJudgesThemAsPublished) {
  for (const Expectation& expected : kExpectations) {
    VerifyOptions options;
    options.keys = {load_public_key(kVectors + "audit.pub").value()};
    if (expected.anchored) options.external = {read_file(kVectors + "anchor.checkpoint")};
    const auto report = verify_log(kVectors + expected.name + ".jsonl", options);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->ok, expected.ok) << expected.name << ": " << test::why(*report);
    if (report->first_bad) {
      const std::string record =
          std::to_string(report->first_bad->epoch) + "/" + std::to_string(report->first_bad->seq);
      EXPECT_TRUE(record.starts_with(expected.record)) << expected.name << ": " << test::why(*report);
    }
  }
}

/// The verifier in another language, on the published files and on a directory with all that a live log has.
int run_python(const std::vector<std::string>& arguments) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::vector<char*> pointers = {const_cast<char*>("python3"), const_cast<char*>("tools/verify_audit.py")};
    for (const std::string& argument : arguments) pointers.push_back(const_cast<char*>(argument.c_str()));
    pointers.push_back(nullptr);
    ::execvp(pointers[0], pointers.data());
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(VectorsTest, TheIndependentVerifierAgrees) {
  for (const Expectation& expected : kExpectations) {
    std::vector<std::string> arguments = {"--key", kVectors + "audit.pub"};
    if (expected.anchored)
      arguments.insert(arguments.end(), {"--checkpoint", kVectors + "anchor.checkpoint"});
    arguments.push_back(kVectors + expected.name + ".jsonl");
    const int code = run_python(arguments);
    if (code == 127) GTEST_SKIP() << "python3 is not installed";
    EXPECT_EQ(code, expected.ok ? 0 : 1) << expected.name;
  }
}

TEST(VectorsTest, TheIndependentVerifierReadsADirectoryAfterRetention) {
  TempDir dir;
  FakeClock clock;
  LogOptions options = test::options_in(dir);
  options.clock = &clock;
  options.segment_bytes = 2048;
  options.retention = std::chrono::hours(48);
  for (int start = 0; start < 3; ++start) {
    auto core = LogCore::open(options);
    ASSERT_TRUE(core) << core.error().message;
    for (std::uint64_t i = 0; i < 30; ++i) {
      ASSERT_TRUE((*core)->rings()[0]->append(denial(id_of(i), "r", clock.wall_us())));
      ASSERT_TRUE((*core)->pass({}).status);
      clock.advance_us(3LL * 3600 * 1'000'000);
    }
    ASSERT_TRUE((*core)->stop());
  }
  const VerifyReport report = test::verified(dir);
  ASSERT_TRUE(report.ok) << test::why(report);
  const int code = run_python({"--key", dir / "keys/audit.pub", dir / "log"});
  if (code == 127) GTEST_SKIP() << "python3 is not installed";
  EXPECT_EQ(code, 0);
  const auto segments = list_segments(test::only_writer(dir / "log"));
  std::filesystem::remove(segments->front().path);
  EXPECT_EQ(run_python({"--key", dir / "keys/audit.pub", dir / "log"}), 1);
}

}  // namespace
}  // namespace doorward::audit
