#include <benchmark/benchmark.h>

#include <string>

#include "json/canonical.h"
#include "json/reader.h"

namespace doorward::json {
namespace {

// A tools/call of one kilobyte as clients send it.
const std::string& typical_call() {
  static const std::string text =
      R"({"jsonrpc":"2.0","id":4711,"method":"tools/call","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":)"
      R"("2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"support-agent","version":"3.2.1"},)"
      R"("io.modelcontextprotocol/clientCapabilities":{},"progressToken":"b6c7f0a2"},"name":"create_refund",)"
      R"("arguments":{"charge":"ch_3PqR8sLkdIwHu7ix0ZjQmX2A","amount":1250.50,"currency":"eur","reason":)"
      R"("requested_by_customer","metadata":{"ticket":"SUP-48213","agent":"ana.kovacs@example.com","channel":"chat",)"
      R"("priority":2},"customer":{"id":"cus_QZx81vnm2LpTtB","email":"li.wei@example.org","country":"NL","vip":false},)"
      R"("items":[{"sku":"A-1001","quantity":1,"price":999.00},{"sku":"B-2040","quantity":3,"price":83.83}],)"
      R"("note":"The customer received the parcel damaged.\nPhotos are attached to the ticket; the courier has )"
      R"(confirmed the damage in writing. Please refund the full amount including shipping to the card.",)"
      R"("notify":true,"idempotency_key":"8c0e7c3a-6c1f-4a39-9b1e-8f6f2b1f8a11","approved_by":null}}})";
  return text;
}

void count_bytes(benchmark::State& state, std::size_t size) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(size));
  state.counters["KB"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * static_cast<double>(size) / 1024,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void BM_ReadTypicalCall(benchmark::State& state) {
  const std::string& text = typical_call();
  Reader reader;
  for (auto _ : state) benchmark::DoNotOptimize(reader.read(text));
  count_bytes(state, text.size());
}
BENCHMARK(BM_ReadTypicalCall);

void BM_ReadNonAscii(benchmark::State& state) {
  std::string text = "{\"text\":\"";
  while (text.size() < 1000) text += "数据库连接失败，请稍后再试。";
  text += "\"}";
  Reader reader;
  for (auto _ : state) benchmark::DoNotOptimize(reader.read(text));
  count_bytes(state, text.size());
}
BENCHMARK(BM_ReadNonAscii);

void BM_ReadManyKeys(benchmark::State& state) {
  std::string text = "{";
  for (int i = 0; i < state.range(0); ++i)
    text += "\"member" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  text += "\"\":0}";
  Reader reader;
  for (auto _ : state) benchmark::DoNotOptimize(reader.read(text));
  count_bytes(state, text.size());
}
BENCHMARK(BM_ReadManyKeys)->Arg(100)->Arg(1000)->Arg(100'000);

void BM_CanonicalArguments(benchmark::State& state) {
  Reader reader;
  const Value arguments = reader.read(typical_call())->find("params").find("arguments");
  Canonical canonical;
  std::string out;
  for (auto _ : state) {
    out.clear();
    canonical.append(arguments, out);
    benchmark::DoNotOptimize(out.data());
  }
  count_bytes(state, out.size());
}
BENCHMARK(BM_CanonicalArguments);

}  // namespace
}  // namespace doorward::json
