#include <benchmark/benchmark.h>

#include "identity/grant_table.h"

namespace {

using namespace doorward::identity;

void verify(benchmark::State& state) {
  std::vector<std::shared_ptr<Grant>> grants;
  std::vector<std::string> headers;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    const std::string token = make_token();
    headers.push_back("Bearer " + token);
    grants.push_back(std::make_shared<Grant>());
    grants.back()->token_hash = hash_token(token);
  }
  const auto table = GrantTable::build(std::move(grants));
  std::size_t next = 0;
  for (auto _ : state) {
    next = (next + 7'919) % headers.size();
    benchmark::DoNotOptimize(table->verify(headers[next], 0));
  }
}
BENCHMARK(verify)->Arg(10)->Arg(100'000);

}  // namespace
