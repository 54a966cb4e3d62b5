#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log_core.h"
#include "audit/log_writer.h"
#include "audit/record.h"
#include "audit/segment.h"
#include "audit/verify.h"

namespace doorward::audit::test {

/// A directory that goes with the test.
class TempDir {
 public:
  TempDir() {
    // In memory where there is such a place: the tests sync often, and assert nothing of the disk.
    const std::filesystem::path shared = "/dev/shm";
    const auto base = ::access(shared.c_str(), W_OK) == 0 ? shared : std::filesystem::temp_directory_path();
    std::string pattern = (base / "doorward-audit-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

inline void write_file(const std::string& path, std::string_view bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << bytes;
}

inline LogOptions options_in(const TempDir& dir) {
  LogOptions options;
  options.directory = dir / "log";
  options.key_directory = dir / "keys";
  options.version = "test";
  options.ring_bytes = 1u << 20;
  return options;
}

inline std::string intent(std::string_view id, std::string_view tool = "read_file",
                          std::int64_t time_us = 1'800'000'000'000'000) {
  RecordBuffer buffer;
  CallRecord record;
  record.id = id;
  record.time_us = time_us;
  record.verdict = "allow";
  record.grant = {"grt_1", "alice", "team"};
  record.server = "files";
  record.method = "tools/call";
  record.tool = tool;
  record.request_id = "7";
  return std::string(write_intent(record, buffer));
}

inline std::string outcome(std::string_view id, std::int64_t time_us = 1'800'000'000'000'500) {
  OutcomeBuffer buffer;
  OutcomeRecord record;
  record.id = id;
  record.time_us = time_us;
  record.result = "ok";
  record.server = "files";
  record.tool = "read_file";
  return std::string(write_outcome(record, buffer));
}

inline std::string denial(std::string_view id, std::string_view rule = "(default deny)",
                          std::int64_t time_us = 1'800'000'000'000'000) {
  RecordBuffer buffer;
  CallRecord record;
  record.id = id;
  record.time_us = time_us;
  record.verdict = "deny";
  record.code = "default_deny";
  record.rule = rule;
  record.grant = {"grt_2", "bob", ""};
  record.server = "files";
  record.tool = "delete_file";
  return std::string(write_denial(record, buffer));
}

inline std::string id_of(std::uint64_t number) {
  return "dec_" + std::to_string(number);
}

inline std::string only_writer(const std::string& log_directory) {
  const auto writers = list_writers(log_directory);
  return writers && writers->size() == 1 ? log_directory + "/" + writers->front() : std::string();
}

inline std::vector<PublicKey> key_in(const TempDir& dir) {
  const auto key = load_public_key(dir / "keys/audit.pub");
  return key ? std::vector<PublicKey>{*key} : std::vector<PublicKey>{};
}

inline VerifyReport verified(const TempDir& dir, VerifyOptions options = {}) {
  options.keys = key_in(dir);
  const auto report = verify_log(dir / "log", options);
  EXPECT_TRUE(report) << (report ? "" : report.error().message);
  return report.value_or(VerifyReport{});
}

inline std::string why(const VerifyReport& report) {
  if (!report.first_bad) return "ok";
  const VerifyFinding& bad = *report.first_bad;
  return bad.file + ":" + std::to_string(bad.line) + " " + bad.writer + "/" + std::to_string(bad.epoch) +
         "/" + std::to_string(bad.seq) + ": " + bad.reason;
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::string_view rest = text;
  std::string_view line;
  while (next_line(rest, line)) lines.emplace_back(line);
  return lines;
}

/// Two writers of one log whose records interleave in time.
class TwoWritersTest : public ::testing::Test {
 protected:
  static constexpr std::int64_t kSecond = 1'000'000;

  /// Small segments, so that there are several. `retention`: else that of the options.
  void open_writers(std::optional<std::chrono::seconds> retention = std::nullopt) {
    for (int writer = 0; writer < 2; ++writer) {
      LogOptions options = options_in(dir_);
      options.clock = &clock_;
      options.segment_bytes = 3000;
      if (retention) options.retention = *retention;
      cores_.push_back(std::move(LogCore::open(options).value()));
    }
  }

  /// A record a second by turns: two calls that run, two that are denied.
  void write(std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t i = from; i < to; ++i) {
      clock_.advance_us(kSecond);
      Ring& ring = *cores_[i % 2]->rings()[0];
      if (i % 4 < 2) {
        ASSERT_TRUE(ring.append_intent(intent(id_of(i), i % 8 == 0 ? "special" : "read_file", clock_.wall_us())));
        ring.append_outcome(outcome(id_of(i), clock_.wall_us() + 1));
      } else {
        ASSERT_TRUE(ring.append(denial(id_of(i), "/tools/x/deny_if/" + std::to_string(i), clock_.wall_us())));
      }
      ASSERT_TRUE(cores_[i % 2]->pass({}).status);
    }
  }

  TempDir dir_;
  FakeClock clock_;
  std::vector<std::unique_ptr<LogCore>> cores_;
};

}  // namespace doorward::audit::test
