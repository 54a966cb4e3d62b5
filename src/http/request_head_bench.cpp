#include <benchmark/benchmark.h>

#include <string>

#include "http/head_writer.h"
#include "http/request_head.h"
#include "http/response_head.h"

namespace {

using namespace doorward::http;

const std::string kRequest =
    "POST /mcp/files/ HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAccept: application/json, text/event-stream\r\n"
    "Content-Type: application/json\r\nAuthorization: Bearer "
    "dw_0123456789abcdef0123456789abcdef0123456789abcdef\r\n"
    "Mcp-Session-Id: 8f14e45fceea167a5a36dedd4bea2543\r\nMCP-Protocol-Version: 2025-11-25\r\n"
    "User-Agent: node\r\nAccept-Language: *\r\nSec-Fetch-Mode: cors\r\nConnection: keep-alive\r\n"
    "Content-Length: 1024\r\n\r\n";

void request_head(benchmark::State& state) {
  RequestHead head;
  for (auto _ : state) {
    head.reset();
    if (head.parse(kRequest) != ParseState::done) state.SkipWithError("refused");
    benchmark::DoNotOptimize(head.get(Field::authorization));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kRequest.size()));
}
BENCHMARK(request_head);

void response_head(benchmark::State& state) {
  const std::string bytes =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
      "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\nContent-Length: 1024\r\n\r\n";
  ResponseHead head;
  for (auto _ : state) {
    head.reset();
    if (head.parse(bytes) != ParseState::done) state.SkipWithError("refused");
    benchmark::DoNotOptimize(head.content_length());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}
BENCHMARK(response_head);

void write_request_head(benchmark::State& state) {
  char buffer[1024];
  for (auto _ : state) {
    HeadWriter writer(buffer);
    writer.request(Method::post, "/mcp", "127.0.0.1:9000")
        .field("Accept", "application/json, text/event-stream")
        .field("Content-Type", "application/json")
        .field("Mcp-Session-Id", "8f14e45fceea167a5a36dedd4bea2543")
        .content_length(1024);
    benchmark::DoNotOptimize(writer.finish());
  }
}
BENCHMARK(write_request_head);

}  // namespace
