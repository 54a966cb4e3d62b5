#include <benchmark/benchmark.h>

#include <string>

#include "base/hash.h"

namespace doorward {
namespace {

void BM_Sha256(benchmark::State& state) {
  const std::string text(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state) benchmark::DoNotOptimize(sha256(text));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Sha256)->Arg(32)->Arg(1024)->Arg(65536);

void BM_HmacSha256(benchmark::State& state) {
  const std::string text(static_cast<std::size_t>(state.range(0)), 'x');
  HmacSha256 keyed("a key of the gateway");
  for (auto _ : state) benchmark::DoNotOptimize(keyed(text));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_HmacSha256)->Arg(32)->Arg(1024);

}  // namespace
}  // namespace doorward
