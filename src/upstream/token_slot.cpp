#include "upstream/token_slot.h"

#include <algorithm>
#include <utility>

namespace doorward::upstream {

std::shared_ptr<const TokenState> TokenSlot::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void TokenSlot::publish(TokenState state) {
  const std::lock_guard lock(mutex_);
  state.version = version_.load(std::memory_order_relaxed) + 1;
  state_ = std::make_shared<const TokenState>(std::move(state));
  version_.store(state_->version, std::memory_order_release);
  for (const auto& changed : listeners_) changed();
}

TokenSlot::Listener TokenSlot::listen(std::function<void()> changed) {
  const std::lock_guard lock(mutex_);
  return listeners_.insert(listeners_.end(), std::move(changed));
}

void TokenSlot::forget(Listener listener) {
  const std::lock_guard lock(mutex_);
  listeners_.erase(listener);
}

std::shared_ptr<TokenSlot> TokenBoard::slot(std::string_view server, std::string_view owner) {
  const std::lock_guard lock(mutex_);
  auto& slot = slots_[{std::string(server), std::string(owner)}];
  if (!slot) slot = std::make_shared<TokenSlot>(std::string(server), std::string(owner));
  return slot;
}

std::vector<std::shared_ptr<TokenSlot>> TokenBoard::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<TokenSlot>> slots;
  for (const auto& [name, slot] : slots_) slots.push_back(slot);
  return slots;
}

void TokenBoard::demand(TokenDemand demand) {
  {
    const std::lock_guard lock(mutex_);
    const bool known = std::ranges::any_of(demands_, [&](const TokenDemand& other) {
      return other.slot == demand.slot && other.need == demand.need && other.token == demand.token;
    });
    if (known) return;
    demands_.push_back(std::move(demand));
  }
  if (listener_) listener_();
}

std::vector<TokenDemand> TokenBoard::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(demands_, {});
}

}  // namespace doorward::upstream
