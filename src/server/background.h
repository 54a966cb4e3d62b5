#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "io/file.h"
#include "server/state_dir.h"

namespace doorward::server {

/// The program that this process runs, by its path: what starts the gateway after an upgrade is the new one.
std::string own_program();

/// Starts `doorward serve --local` on a state directory, detached from this process and its terminal; what it says goes
/// to `gateway.log` there. Of several processes that want it at once one starts it. Nothing here waits.
class BackgroundStart {
 public:
  /// `program`: see own_program().
  BackgroundStart(StateDir state, std::string program) : state_(std::move(state)), program_(std::move(program)) {}

  enum class Step : std::uint8_t {
    waiting,  ///< somebody is starting it: look again in a moment
    failed,   ///< see failure()
  };
  /// To be called every few milliseconds as long as nobody answers on the gateway's sockets. `now_us`: monotonic.
  Step step(std::int64_t now_us);
  /// The gateway answers: another start may come later.
  void done();

  /// Why it did not come up, and what to do.
  const std::string& failure() const { return failure_; }

 private:
  Status spawn();
  Step give_up(std::string why);

  StateDir state_;
  std::string program_;
  std::optional<io::FileLock> lock_;
  pid_t child_ = 0;
  std::int64_t begun_us_ = 0;
  off_t log_from_ = 0;  ///< where the child's words begin in its log
  std::string failure_;
};

/// Waits until a gateway runs on the state directory, starting one where there is none. For commands.
Status ensure_gateway(const StateDir& state);

/// Ends the gateway of the state directory as SIGTERM does, and waits until it is gone. False where none runs.
Result<bool> stop_gateway(const StateDir& state);

}  // namespace doorward::server
