#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "io/loop.h"

namespace doorward::approval {

/// Somebody waits for a request to be settled. Destroying it ends the waiting; do so on the thread of the loop that it
/// was made for.
class Watch {
 public:
  struct State {
    io::Loop* loop;
    std::move_only_function<void()> changed;  ///< touched on the loop's thread alone; empty: nobody waits any more
  };

  Watch() = default;
  explicit Watch(std::shared_ptr<State> state) : state_(std::move(state)) {}
  Watch(Watch&&) noexcept = default;
  Watch& operator=(Watch&& other) noexcept {
    if (this != &other) {
      end();
      state_ = std::move(other.state_);
    }
    return *this;
  }
  ~Watch() { end(); }

 private:
  void end() {
    if (state_) state_->changed = nullptr;
    state_.reset();
  }
  std::shared_ptr<State> state_;
};

}  // namespace doorward::approval
