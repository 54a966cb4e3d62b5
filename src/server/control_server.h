#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>

#include "base/result.h"
#include "io/acceptor.h"
#include "io/loop.h"
#include "server/operations.h"

namespace doorward::server {

/// The control socket of a running gateway: `<state>/control.sock`, mode 0600. A peer must have this
/// process's uid, or be root. One JSON object a line each way (docs/control-protocol.md). Runs on the control
/// thread's loop.
class ControlServer {
 public:
  /// `serve` answers one line by calling `done`, on the loop, at once or later; of one connection one at a time.
  using Serve = std::function<void(std::string line, const identity::Actor& actor, Operations::Done done)>;

  ControlServer(io::Loop& loop, Serve serve);
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  /// Replaces a stale socket; conflict where another process answers on it.
  Status start(const std::string& path);
  /// Closes the socket and all connections, and removes the file.
  void stop();

 private:
  class Connection;
  void accepted(io::Fd fd);
  void drop(Connection& connection);

  io::Loop& loop_;
  Serve serve_;
  std::string path_;
  std::unique_ptr<io::Acceptor> acceptor_;
  std::list<std::unique_ptr<Connection>> connections_;
};

}  // namespace doorward::server
