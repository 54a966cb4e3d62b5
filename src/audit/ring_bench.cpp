#include <benchmark/benchmark.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <thread>

#include "audit/record.h"
#include "audit/ring.h"

namespace doorward::audit {
namespace {

constexpr std::size_t kRingBytes = 8u << 20;

std::string path_of(const char* name) {
  return (std::filesystem::temp_directory_path() / (std::string(name) + std::to_string(::getpid()))).string();
}

CallRecord ordinary() {
  static const std::string_view keys[] = {"amount", "currency", "customer", "reason"};
  static const QuotaDelta quota[] = {
      {1, 2, "60", 1'000'000}, {3, 4, "day", 1'000'000}, {5, 6, "hour", 250'000'000}};
  CallRecord record;
  record.id = "dec_01hq3v9zj2k4m6n8p0r2t4v6x8";
  record.time_us = 1'800'000'000'123'456;
  record.verdict = "allow";
  record.policy = {"stripe-support", "14",
                   "9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c"};
  record.grant = {"grt_01hq3v9zj2k4m6n8p0r2t4v6x8", "support-agent", "alice"};
  record.client = {"127.0.0.1", "claude-code"};
  record.server = "stripe";
  record.era = "modern";
  record.revision = "2026-07-28";
  record.method = "tools/call";
  record.tool = "create_charge";
  record.category = "Financial";
  record.request_id = "12345";
  record.args = {keys, "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", 180, true};
  record.quota = quota;
  return record;
}

void BM_WriteIntent(benchmark::State& state) {
  const CallRecord record = ordinary();
  RecordBuffer buffer;
  std::size_t bytes = 0;
  for (auto _ : state) {
    const std::string_view members = write_intent(record, buffer);
    bytes = members.size();
    benchmark::DoNotOptimize(members.data());
  }
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(BM_WriteIntent);

void BM_WriteOutcome(benchmark::State& state) {
  OutcomeRecord record;
  record.id = "dec_01hq3v9zj2k4m6n8p0r2t4v6x8";
  record.time_us = 1'800'000'000'123'456;
  record.result = "ok";
  record.grant = "grt_01hq3v9zj2k4m6n8p0r2t4v6x8";
  record.server = "stripe";
  record.method = "tools/call";
  record.tool = "create_charge";
  record.upstream_status = 200;
  record.duration_us = 1234;
  record.result_bytes = 900;
  OutcomeBuffer buffer;
  for (auto _ : state) benchmark::DoNotOptimize(write_outcome(record, buffer).data());
}
BENCHMARK(BM_WriteOutcome);

/// Appending alone: the consumer's work is a store, made by the same thread.
void BM_Append(benchmark::State& state) {
  const std::string path = path_of("doorward-ring-bench-");
  Wake wake;
  auto ring = Ring::create(path, kRingBytes, &wake).value();
  const std::string bytes(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state) {
    if (!ring->append_intent(bytes)) {
      state.SkipWithError("full");
      break;
    }
    ring->append_outcome("y");
    ring->release(ring->position());
  }
  std::filesystem::remove(path);
}
BENCHMARK(BM_Append)->Arg(200)->Arg(700);

}  // namespace
}  // namespace doorward::audit
