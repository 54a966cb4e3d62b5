// The decision alone: 20 conditions on a parsed 1 KB call, and documents of 10,000 rules.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "json/reader.h"
#include "policy/decide.h"

namespace {

using namespace doorward;

std::shared_ptr<const policy::Policy> load(const std::string& text) {
  auto loaded = policy::load(text);
  if (!loaded) std::abort();
  return loaded->policy;
}

/// About 1 KB: 24 members, strings, numbers, a list and an object.
std::string call_text() {
  std::string args =
      R"({"customer":{"email":"alice@example.com","id":"cus_1234567890"},"recipients":["a@example.com","b@example.com"])";
  for (int i = 0; i < 10; ++i)
    args += ",\"field_" + std::to_string(i) + "\":\"" + std::string(50, static_cast<char>('a' + i)) + "\"";
  for (int i = 0; i < 10; ++i)
    args += ",\"number_" + std::to_string(i) + "\":" + std::to_string(i * 1000) + ".25";
  return args + R"(,"amount":995.10,"currency":"EUR","path":"/srv/data/x"})";
}

/// Twenty conditions that all let the call pass.
std::string twenty_conditions() {
  std::string entries;
  for (int i = 0; i < 8; ++i) {
    entries += std::string(i == 0 ? "" : ",") + R"({"conditions":[{"path":"args.number_)" +
               std::to_string(i) + R"(","op":"gt","value":100000}]})";
  }
  entries +=
      R"(,{"conditions":[{"path":"args.amount","op":"gt","value":10000}]},{"conditions":[{"path":"args.currency","op":"neq","value":"EUR"}]})";
  std::string required;
  for (int i = 0; i < 5; ++i) {
    required += std::string(i == 0 ? "" : ",") + R"({"conditions":[{"path":"args.field_)" +
                std::to_string(i) + R"(","op":"exists","value":true}]})";
  }
  required += R"(,{"conditions":[{"path":"args.customer.id","op":"starts_with","value":"cus_"},
      {"path":"args.recipients[*]","op":"email_domain","value":["example.com"]},{"path":"args.path","op":"path_under","value":["/srv"]},
      {"path":"args.currency","op":"in","value":["USD","EUR"]},{"path":"args.customer.email","op":"length","value":{"lte":100}}]})";
  return R"({"version":"1","default":"deny","all_tools":{"limits":[{"counter":"a","window":"minute","max":60,"scope":"grant"}]},
      "tools":{"create_charge":{"deny_if":[)" +
         entries + R"(],"require":[)" + required + R"(],"limits":[
      {"counter":"sum","window":"day","max":50000,"scope":"grant","amount":"args.amount"},
      {"counter":"calls","window":"hour","max":500,"scope":"grant"}]}}})";
}

struct Bench {
  explicit Bench(const std::string& document, std::string tool_name = "create_charge")
      : policy(load(document)), tool(std::move(tool_name)) {
    call.tool = tool;
    call.args = *reader.read(args);
    const policy::ToolIndex::Tool tools[] = {{tool, std::nullopt}};
    index = std::make_unique<policy::ToolIndex>(policy, tools);
  }
  std::shared_ptr<const policy::Policy> policy;
  std::string tool;
  std::string args = call_text();
  json::Reader reader;
  policy::Call call;
  policy::Scratch scratch;
  std::unique_ptr<policy::ToolIndex> index;
};

void TwentyConditions(benchmark::State& state) {
  Bench bench(twenty_conditions());
  if (decide(*bench.policy, bench.call, bench.scratch, bench.index.get()).verdict != policy::Verdict::allow)
    std::abort();
  for (auto _ : state)
    benchmark::DoNotOptimize(decide(*bench.policy, bench.call, bench.scratch, bench.index.get()));
}
BENCHMARK(TwentyConditions);

void TwentyConditionsOfAnUnindexedTool(benchmark::State& state) {
  Bench bench(twenty_conditions());
  for (auto _ : state) benchmark::DoNotOptimize(decide(*bench.policy, bench.call, bench.scratch));
}
BENCHMARK(TwentyConditionsOfAnUnindexedTool);

/// 10,000 rules in one of three shapes: over 10,000 tools, over 10,000 globs, all for one tool.
std::string ten_thousand(int shape) {
  std::string blocks;
  for (int i = 0; i < 10'000; ++i) {
    const std::string rule = R"({"conditions":[{"path":"args.number_)" + std::to_string(i % 10) +
                             R"(","op":"gt","value":100000}]})";
    if (shape == 2) {
      blocks += (i == 0 ? "" : ",") + rule;
    } else {
      blocks += std::string(i == 0 ? "" : ",") + "\"tool_" + std::to_string(i) + (shape == 1 ? "*" : "") +
                R"(":{"deny_if":[)" + rule + "]}";
    }
  }
  if (shape == 2) blocks = R"("tool_7":{"deny_if":[)" + blocks + "]}";
  return R"({"version":"1","default":"allow","tools":{)" + blocks + "}}";
}

/// The 99th percentile of single decisions, as a counter beside the mean.
void TenThousandRules(benchmark::State& state) {
  Bench bench(ten_thousand(static_cast<int>(state.range(0))), "tool_7");
  const policy::ToolIndex* index = state.range(1) != 0 ? bench.index.get() : nullptr;
  std::vector<double> times;
  times.reserve(1'000'000);
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize(decide(*bench.policy, bench.call, bench.scratch, index));
    if (times.size() < times.capacity())
      times.push_back(
          std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count());
  }
  std::ranges::sort(times);
  state.counters["p99_us"] = times[times.size() * 99 / 100];
}
BENCHMARK(TenThousandRules)->ArgNames({"shape", "index"})->ArgsProduct({{0, 1, 2}, {0, 1}});

void LoadTenThousandRules(benchmark::State& state) {
  const std::string text = ten_thousand(0);
  for (auto _ : state) benchmark::DoNotOptimize(policy::load(text));
}
BENCHMARK(LoadTenThousandRules)->Unit(benchmark::kMillisecond);

}  // namespace
