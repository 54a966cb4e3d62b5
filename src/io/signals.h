#pragma once

#include <functional>
#include <initializer_list>

#include "base/result.h"
#include "io/fd.h"
#include "io/loop.h"

namespace doorward::io {

/// Ignores SIGPIPE and blocks `signals` in the calling thread and in all threads it starts afterwards. Call
/// first thing in main().
void prepare_signals(std::initializer_list<int> signals);

/// Delivers blocked signals to one loop. Equal signals that arrive together are delivered once.
class SignalSource final : private Handler {
 public:
  using OnSignal = std::move_only_function<void(int signal)>;

  SignalSource(Loop& loop, OnSignal on_signal);
  ~SignalSource();
  /// `signals` must be blocked in every thread (prepare_signals).
  Status start(std::initializer_list<int> signals);

 private:
  void on_ready(std::uint32_t events) override;

  Loop& loop_;
  OnSignal on_signal_;
  Fd fd_;
};

}  // namespace doorward::io
