#include "server/index_keeper.h"

#include <chrono>

#include "base/log.h"

namespace doorward::server {
namespace {

constexpr auto kPause = std::chrono::milliseconds(500);

}  // namespace

IndexKeeper::IndexKeeper(audit::RecordIndex& index)
    : index_(index), thread_([this](const std::stop_token& stop) { run(stop); }) {}

void IndexKeeper::run(const std::stop_token& stop) {
  bool failing = false;
  while (!stop.stop_requested()) {
    const Status read = index_.refresh();
    if (!read && !failing) log_line(LogLevel::warning, "the index cannot read the log", {{"why", read.error().message}});
    failing = !read;
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, kPause, [] { return false; });
  }
}

}  // namespace doorward::server
