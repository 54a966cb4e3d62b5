#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/explanation_view.h"
#include "server/finding.h"
#include "server/state_dir.h"

namespace doorward::cli {

/// Exit codes of all commands (docs/commands.md).
enum class Exit : std::uint8_t {
  ok = 0,
  check_failed = 1,  ///< a chain broken, an object missing or in the way, data that contradicts itself
  usage = 2,
  invalid = 3,      ///< a policy or configuration is invalid
  unreachable = 4,  ///< the gateway, a file or a device cannot be reached now
  unauthorised = 5,
  denied = 6,   ///< by the policy
  pending = 7,  ///< an approval is still missing, or its time is over
  interrupted = 130,  ///< Ctrl-C at a question, as shells count it
};

Exit exit_of(ErrorKind kind);

/// What the commands of one invocation share: the options that all take, and the exit code so far.
class Session {
 public:
  std::string state_option;   ///< `--state`
  std::string config_option;  ///< `--config`, where a command has it
  bool json = false;          ///< `--json`
  bool no_color = false;      ///< `--no-color`
  bool quiet = false;         ///< `--quiet`
  Exit exit = Exit::ok;

  /// Writes `doorward: error: MESSAGE` to standard error and sets the exit code.
  void fail(Exit code, std::string_view message);
  void fail(const Error& error) { fail(exit_of(error.kind), error.message); }
  void fail(const server::Findings& findings);
  /// Writes `doorward: MESSAGE` to standard error, unless nobody wants to know (`--quiet`).
  void say(std::string_view message) const;

  /// The state directory, or nothing after having failed.
  bool find_state(server::StateDir& state);

  /// Whether standard output is a terminal that wants colour (NO_COLOR, TERM=dumb and --no-color say no).
  bool color() const;
  /// The same, and whether the locale's characters are UTF-8.
  Look look() const;
};

/// Writes text to standard output as it is.
void print(std::string_view text);
/// The same with a newline behind it.
void print_line(std::string_view text);
inline constexpr std::size_t kInputBytes = 16u << 20;
/// The whole of a file, or of standard input for `-`, of at most so many bytes.
Result<std::string> read_input(const std::string& path, std::size_t most = kInputBytes);

}  // namespace doorward::cli
