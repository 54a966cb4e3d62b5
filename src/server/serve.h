#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string>

#include "base/result.h"
#include "server/finding.h"

namespace doorward::server {

/// What `doorward serve` is started with; empty members are taken from the configuration, then from the
/// defaults.
struct ServeOptions {
  std::string config_file;
  std::string state;
  std::string listen;
  std::string console;  ///< a folder that the web console is served from, for work on it; empty: the binary's
  /// Started for the clients of this computer (`doorward connect`): waits for a command that is at work in the state
  /// directory, runs with the configuration that the directory last ran with, and where a default address is another
  /// program's takes any other port.
  bool local = false;
};

/// How a gateway that served came to its end.
enum class Ending : std::uint8_t {
  drained,  ///< every call was finished
  cut,      ///< the grace was over, or a second signal came, with calls under way
};

/// Where a gateway that serves is reached.
struct Addresses {
  std::string agents;   ///< such as `http://127.0.0.1:8420`
  std::string console;  ///< likewise; empty where only the Unix socket listens
};
using OnReady = std::function<void(const Addresses& addresses)>;

/// Why it could not begin to serve: findings of the configuration, or one error.
struct StartFailure {
  Error error;
  Findings findings;
};

/// The life of the gateway as a process: takes the state directory's lock, merges configuration and store,
/// starts the workers, and then steers them from this thread, the control thread, until SIGTERM or SIGINT.
/// SIGHUP, and a change of the configuration, of a policy file or of a secret's file, reload; what cannot be
/// loaded leaves the old state in force. Blocks the process's signals; call it with one thread.
///
/// `on_ready` is called once, when connections are accepted.
std::expected<Ending, StartFailure> serve(const ServeOptions& options,
                                          const OnReady& on_ready);

}  // namespace doorward::server
