#include <benchmark/benchmark.h>

#include <array>

#include "quota/table.h"
#include "quota/test_support.h"

namespace {

using namespace doorward::quota;

constexpr std::int64_t kPlenty = 1'000'000'000'000;

void reserve(benchmark::State& state) {
  static Table* table = new Table(kNewYear, 0);
  const auto limits = static_cast<std::size_t>(state.range(0));
  const std::string holder = state.range(1) != 0 ? "shared" : std::to_string(state.thread_index());
  std::vector<Demand> demands;
  for (std::size_t i = 0; i < limits; ++i) {
    const Window windows[] = {Window::minute(), Window::day(), Window::hour()};
    demands.push_back(demand(holder + std::to_string(i), windows[i % 3], kPlenty));
  }
  Reservation reservation;
  std::int64_t us = 0;
  for (auto _ : state) {
    us += 20;
    const Now now = table->at(kNewYear + us, us);
    benchmark::DoNotOptimize(table->reserve(demands, now, reservation));
  }
}
BENCHMARK(reserve)->ArgNames({"limits", "shared"})->Args({1, 0})->Args({3, 0})->Args({8, 0});
BENCHMARK(reserve)->ArgNames({"limits", "shared"})->Args({3, 0})->Args({3, 1})->Threads(2)->UseRealTime();

void reserve_and_release(benchmark::State& state) {
  Table table(kNewYear, 0);
  std::array<Demand, 3> demands = {demand("a", Window::minute(), kPlenty),
                                   demand("b", Window::day(), kPlenty), demand("c", Window::hour(), kPlenty)};
  Reservation reservation;
  for (auto _ : state) {
    benchmark::DoNotOptimize(table.reserve(demands, at(kNewYear), reservation));
    table.release(reservation);
  }
}
BENCHMARK(reserve_and_release);

void refuse(benchmark::State& state) {
  Table table(kNewYear, 0);
  std::array<Demand, 3> demands = {demand("a", Window::minute(), kPlenty),
                                   demand("b", Window::day(), kPlenty), demand("c", Window::hour(), 0)};
  Reservation reservation;
  for (auto _ : state) benchmark::DoNotOptimize(table.reserve(demands, at(kNewYear), reservation));
}
BENCHMARK(refuse);

void reserve_among(benchmark::State& state) {
  Table table(kNewYear, 0);
  const auto grants = static_cast<std::size_t>(state.range(0));
  std::vector<Demand> demands;
  for (std::size_t i = 0; i < grants; ++i)
    demands.push_back(demand(std::to_string(i), Window::minute(), kPlenty));
  Reservation reservation;
  std::size_t next = 0;
  for (Demand& each : demands) table.reserve({&each, 1}, at(kNewYear), reservation);
  for (auto _ : state) {
    next = (next + 7'919) % grants;
    benchmark::DoNotOptimize(table.reserve({&demands[next], 1}, at(kNewYear), reservation));
  }
}
BENCHMARK(reserve_among)->Arg(1'000)->Arg(1'000'000);

void key(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        counter_key({"3f0c8c1e-7c1a-4def-8abc-0123456789ab", HolderKind::grant,
                     "01890f3e-7c1a-7def-8abc-0123456789ab", "refund-total", Window::day(), nullptr}));
  }
}
BENCHMARK(key);

void snapshot(benchmark::State& state) {
  Table table(kNewYear, 0);
  Reservation reservation;
  for (int i = 0; i < 100'000; ++i) {
    Demand one = demand(std::to_string(i), i % 2 ? Window::day() : Window::minute(), kPlenty);
    table.reserve({&one, 1}, at(kNewYear), reservation);
  }
  for (auto _ : state) benchmark::DoNotOptimize(table.serialise("", at(kNewYear)));
  state.SetItemsProcessed(state.iterations() * 100'000);
}
BENCHMARK(snapshot)->Unit(benchmark::kMillisecond);

}  // namespace
