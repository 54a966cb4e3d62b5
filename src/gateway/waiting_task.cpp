#include "gateway/waiting_task.h"

#include <utility>

#include "gateway/exchange.h"
#include "gateway/worker.h"

namespace doorward::gateway {

std::shared_ptr<OwnTask> WaitingTask::open(std::string message, std::int64_t lifetime_us) {
  // Whoever cancels may be on another worker.
  auto cancel = [weak = weak_from_this(), &loop = worker_.loop()] {
    loop.post([weak] {
      if (const auto task = weak.lock()) task->abandon("client_cancelled");
    });
  };
  task_ = std::make_shared<OwnTask>(std::move(message), worker_.loop().wall_us(), lifetime_us, std::move(cancel));
  return task_;
}

void WaitingTask::abandon(std::string_view why) {
  Exchange* exchange = std::exchange(exchange_, nullptr);
  if (exchange == nullptr) return;
  exchange->abandon(why);
  finish();
}

void WaitingTask::check(std::int64_t wall_s) {
  if (exchange_ == nullptr) return;
  const identity::Grant& grant = *exchange_->grant().grant;
  if (grant.is_revoked() || grant.is_expired(wall_s)) abandon("grant_ended");
}

const std::string& WaitingTask::grant_id() const { return exchange_->grant().grant->id; }

void WaitingTask::answer(int, Pieces json, std::string_view) {
  exchange_ = nullptr;
  send(json, {});
  finish();
}

void WaitingTask::send(Pieces json, std::string_view) {
  last_.clear();
  for (std::string_view piece : json) last_ += piece;
}

void WaitingTask::end_stream() {
  exchange_ = nullptr;
  finish();
}

void WaitingTask::finish() { task_->finish(std::exchange(last_, {}), worker_.loop().wall_us()); }

}  // namespace doorward::gateway
