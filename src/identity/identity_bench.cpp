#include <benchmark/benchmark.h>

#include "identity/access_token.h"
#include "identity/grant_table.h"
#include "identity/test_tokens.h"
#include "identity/token_cache.h"

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

/// Agents with tokens of 1 KB that were verified before.
void known_token(benchmark::State& state) {
  std::vector<std::string> headers;
  TokenCache<std::shared_ptr<int>> cache;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    const std::string part = std::to_string(i) + std::string(340, 'x');
    headers.push_back("Bearer " + part + "." + part + "." + part);
    cache.put(*bearer_credentials(headers.back()), "shop", std::make_shared<int>(1));
  }
  std::size_t next = 0;
  for (auto _ : state) {
    next = (next + 7'919) % headers.size();
    const std::string_view token = *bearer_credentials(headers[next]);
    benchmark::DoNotOptimize(is_token(token));
    benchmark::DoNotOptimize(looks_like_jwt(token));
    benchmark::DoNotOptimize(std::shared_ptr<int>(*cache.find(token, "shop")));
  }
}
BENCHMARK(known_token)->Arg(10)->Arg(10'000);

/// The same token on the same connection, which only compares it.
void same_token(benchmark::State& state) {
  const std::string known = "Bearer " + std::string(1024, 'x');
  const std::string header = known;
  for (auto _ : state) benchmark::DoNotOptimize(doorward::constant_time_equal(header, known));
}
BENCHMARK(same_token);

/// A token that nobody knows.
void first_time(benchmark::State& state) {
  const test::Signer signer(static_cast<Algorithm>(state.range(0)));
  const Algorithm algorithm = static_cast<Algorithm>(state.range(0));
  IssuerTable table;
  Issuer& issuer = table.issuers.emplace_back();
  issuer.settings.issuer = "https://idp.example";
  issuer.keys = *parse_key_set(R"({"keys":[)" + signer.jwk() + "]}", {&algorithm, 1});
  const std::string token = signer.token(
      signer.header(), R"({"iss":"https://idp.example","sub":"alice","aud":"a","exp":1800000000,"groups":["payments"]})");
  for (auto _ : state) {
    const auto subject = verify_access_token(table, token, {.resource = "a", .now_s = 1'799'999'000});
    if (!subject) return state.SkipWithError("the token is not good");
    benchmark::DoNotOptimize(subject);
  }
  state.SetLabel(std::string(to_string(algorithm)));
}
BENCHMARK(first_time)
    ->Arg(static_cast<int>(Algorithm::rs256))
    ->Arg(static_cast<int>(Algorithm::es256))
    ->Arg(static_cast<int>(Algorithm::eddsa));

}  // namespace
