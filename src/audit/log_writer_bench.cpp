#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>
#include <string>
#include <thread>

#include "audit/log_core.h"
#include "audit/log_writer.h"
#include "audit/record.h"
#include "audit/verify.h"

namespace doorward::audit {
namespace {

struct Directory {
  Directory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "doorward-bench-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~Directory() { std::filesystem::remove_all(path); }
  std::string path;
};

LogOptions options_in(const Directory& directory) {
  LogOptions options;
  options.directory = directory.path + "/log";
  options.key_directory = directory.path + "/keys";
  return options;
}

std::string members() {
  CallRecord record;
  record.id = "dec_01hq3v9zj2k4m6n8p0r2t4v6x8";
  record.time_us = 1'800'000'000'123'456;
  record.verdict = "allow";
  record.policy = {"stripe-support", "14",
                   "9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c"};
  record.grant = {"grt_01hq3v9zj2k4m6n8p0r2t4v6x8", "support-agent", "alice"};
  record.server = "stripe";
  record.method = "tools/call";
  record.tool = "create_charge";
  RecordBuffer buffer;
  return std::string(write_denial(record, buffer));
}

/// The audit thread's work a record: take, number, hash, chain, write; syncs and signatures as in process
/// mode.
void BM_Drain(benchmark::State& state) {
  Directory directory;
  auto core = LogCore::open(options_in(directory)).value();
  const std::string record = members();
  constexpr int kBatch = 1000;
  for (auto _ : state) {
    state.PauseTiming();
    for (int i = 0; i < kBatch; ++i) (void)core->rings()[0]->append(record);
    state.ResumeTiming();
    if (!core->pass({}).status) state.SkipWithError("failed");
  }
  state.SetItemsProcessed(state.iterations() * kBatch);
}
BENCHMARK(BM_Drain);

/// Latency from append to disk, one call at a time and many at once: group commit.
void BM_PowerMode(benchmark::State& state) {
  Directory directory;
  LogOptions options = options_in(directory);
  options.durability = Durability::power;
  auto log = LogWriter::open(options).value();
  const std::string record = members();
  const auto at_once = static_cast<int>(state.range(0));
  for (auto _ : state) {
    for (int i = 0; i < at_once; ++i) (void)log->ring(0).append(record);
    while (log->ring(0).durable() < log->ring(0).position()) std::this_thread::yield();
  }
  state.SetItemsProcessed(state.iterations() * at_once);
}
BENCHMARK(BM_PowerMode)->Arg(1)->Arg(64)->UseRealTime();

void BM_Verify(benchmark::State& state) {
  Directory directory;
  constexpr std::uint64_t kRecords = 200'000;
  {
    auto core = LogCore::open(options_in(directory)).value();
    const std::string record = members();
    for (std::uint64_t i = 0; i < kRecords; ++i) {
      (void)core->rings()[0]->append(record);
      if (i % 1000 == 0) (void)core->pass({});
    }
    (void)core->stop();
  }
  VerifyOptions options;
  options.keys = {load_public_key(directory.path + "/keys/audit.pub").value()};
  options.check_json = state.range(0) != 0;
  std::uint64_t records = 0;
  for (auto _ : state) {
    const auto report = verify_log(directory.path + "/log", options);
    if (!report || !report->ok) state.SkipWithError("not ok");
    records += report->records;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(records));
}
BENCHMARK(BM_Verify)->Arg(1)->Arg(0)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace doorward::audit
