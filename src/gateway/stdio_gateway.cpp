#include "gateway/stdio_gateway.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <future>
#include <semaphore>
#include <string>
#include <thread>

#include "gateway/shared.h"
#include "gateway/stdio_client.h"
#include "gateway/worker.h"

namespace doorward::gateway {
namespace {

/// Pieces of input that may wait for the worker before reading stops.
constexpr std::ptrdiff_t kMostWaiting = 64;
constexpr std::chrono::milliseconds kLook{5};

/// Runs a function on the worker's thread and waits for what it returns.
template <typename Function>
auto on_worker(Worker& worker, Function function) {
  std::promise<decltype(function())> promise;
  auto future = promise.get_future();
  worker.loop().post([&] { promise.set_value(function()); });
  return future.get();
}

}  // namespace

StdioGateway::~StdioGateway() = default;

Result<std::unique_ptr<StdioGateway>> StdioGateway::create(Options options,
                                                           std::shared_ptr<const World> world) {
  options.workers = 1;
  Result<std::unique_ptr<Shared>> shared = Shared::open(std::move(options), world);
  if (!shared) return std::unexpected(shared.error());
  std::unique_ptr<StdioGateway> gateway(new StdioGateway);
  gateway->shared_ = std::move(*shared);
  return gateway;
}

ToolReports& StdioGateway::tool_reports() {
  return shared_->tool_reports;
}

Status StdioGateway::run(int input, int output, const std::atomic<bool>& stop,
                         std::chrono::milliseconds grace) {
  Worker& worker = *shared_->workers.front();
  worker.start();
  std::unique_ptr<StdioClient> client;
  on_worker(worker, [&] {
    client = std::make_unique<StdioClient>(worker, output);
    return true;
  });
  std::counting_semaphore<kMostWaiting> room(kMostWaiting);
  std::array<char, 65536> block;
  for (;;) {
    const ssize_t got = ::read(input, block.data(), block.size());
    if (got < 0 && errno == EINTR && !stop.load()) continue;
    if (got <= 0) break;
    room.acquire();
    worker.loop().post([&client, &room, bytes = std::string(block.data(), static_cast<std::size_t>(got))] {
      client->take(bytes);
      room.release();
    });
  }
  const auto deadline = std::chrono::steady_clock::now() + grace;
  while (!on_worker(worker, [&] { return client->idle(); }) && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(kLook);
  }
  on_worker(worker, [&] {
    client->end();
    client.reset();
    return true;
  });
  return shared_->close();
}

}  // namespace doorward::gateway
