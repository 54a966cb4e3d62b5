#include "gateway/count_keeper.h"

#include <chrono>

#include "base/log.h"
#include "gateway/quota_log.h"

namespace doorward::gateway {
namespace {
constexpr std::chrono::seconds kLook{30};
constexpr std::uint64_t kRecords = 500'000;
}  // namespace

CountKeeper::CountKeeper(std::string state, const audit::LogWriter& log)
    : state_(std::move(state)), log_(log), folded_(log.position()), thread_([this] { run(); }) {}

CountKeeper::~CountKeeper() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void CountKeeper::run() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, kLook, [this] { return stopping_; })) {
    const audit::LogPosition now = log_.position();
    if (now.epoch == folded_.epoch && now.seq - folded_.seq < kRecords) continue;
    lock.unlock();
    if (Status folded = fold_counts(state_, now); folded) {
      folded_ = now;
    } else {
      log_line(LogLevel::warning, "the snapshot of the counts could not be written",
               {{"why", folded.error().message}});
    }
    lock.lock();
  }
}

}  // namespace doorward::gateway
