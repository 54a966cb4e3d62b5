#include <benchmark/benchmark.h>

#include <filesystem>

#include "audit/argument_store.h"

namespace doorward::audit {
namespace {

/// What the audit thread does for one call whose arguments of 1 KB are stored: read, redact, commit, seal.
void StoreArguments(benchmark::State& state) {
  const std::string folder = std::filesystem::temp_directory_path().string();
  ArgumentOptions options;
  options.keep = state.range(0) == 0 ? Keep::redacted : Keep::full;
  ArgumentStore store(FileOps::system(), folder, options, std::string(32, 'k'), system_clock());
  const std::string entry = "dec_01234567890123456789012345\n{\"n\":1000000,\"text\":\"" + std::string(960, 'x') + "\"}";
  std::uint64_t calls = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(store.take(entry));
    if (++calls % 1000 == 0) {
      state.PauseTiming();
      store.close();
      (void)store.file().write();
      (void)store.file().sync();
      for (const std::string& path : list_value_files(folder, kArgumentFiles)) std::filesystem::remove(path);
      state.ResumeTiming();
    }
  }
}
BENCHMARK(StoreArguments)->Arg(0)->Arg(1);

}  // namespace
}  // namespace doorward::audit
