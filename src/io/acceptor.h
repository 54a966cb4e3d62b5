#pragma once

#include <functional>

#include "io/loop.h"
#include "io/socket.h"

namespace doorward::io {

/// Accepts the connections of one listener on one loop. When the process is out of descriptors it does not
/// spin: it tries again every 50 ms and the connections wait in the kernel's queue (attack case T325).
class Acceptor final : public Handler {
 public:
  using OnAccept = std::move_only_function<void(Fd fd, const Address& peer)>;

  Acceptor(Loop& loop, Fd listener, OnAccept on_accept);
  ~Acceptor();

  Status start();
  /// Stops accepting and closes the listener.
  void stop();
  int fd() const { return listener_.get(); }
  /// How often accepting failed for want of descriptors or memory.
  std::uint64_t refused() const { return refused_; }

  void on_ready(std::uint32_t events) override;

 private:
  void accept_all();

  Loop& loop_;
  Fd listener_;
  OnAccept on_accept_;
  Timer retry_;
  std::uint64_t refused_ = 0;
};

}  // namespace doorward::io
