#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/fd.h"
#include "io/loop.h"

namespace doorward::io {

/// Where `command` lies: a name without a slash is looked up in `search_path` (colon-separated, empty and
/// relative entries are skipped), one with a slash must be absolute. The result is absolute and executable.
/// `warning` names a file or folder that others than its owner can write (attack case T269).
struct Program {
  std::string path;
  std::string warning;
};
Result<Program> find_program(const std::string& command, const std::string& search_path);

struct SpawnOptions {
  std::string program;                   ///< absolute path, see find_program
  std::vector<std::string> arguments;    ///< without argv[0]
  std::vector<std::string> environment;  ///< the whole of it, as NAME=value; nothing is inherited
  std::string directory;                 ///< working directory; empty: the gateway's
};

struct ExitStatus {
  int code = 0;    ///< 0..255; 127 also where the program could not be started (the reason is on its stderr)
  int signal = 0;  ///< the signal that ended it, or 0
};

/// A child process with pipes for its stdin, stdout and stderr and nothing else: no other descriptor, no
/// inherited variable, no shell, a session of its own.
///
/// Between us and the child stands a supervisor: this same executable, entered before main(). It is the
/// child's parent and the subreaper of all that descends from it, however often it forks, and it holds a pipe
/// to us. When that pipe closes, by ~Child or by a kill -9 of the gateway, or when the child exits, it kills
/// every descendant and exits (attack cases T253, T254, T265, T266, T267). The child also dies with its
/// supervisor (PDEATHSIG; the supervisor has one thread, so no thread of ours is tied to it). spawn may be
/// called on any thread.
///
/// A child of the same user can still signal us or its supervisor; sandboxing is another layer's work.
class Child final : private Handler {
 public:
  using OnExit = std::move_only_function<void(ExitStatus)>;

  /// Takes about a millisecond of the calling thread, which must be `loop`'s. `on_exit` runs on the loop
  /// once, when the child and all its descendants are gone; it may destroy the Child.
  static Result<std::unique_ptr<Child>> spawn(Loop& loop, const SpawnOptions& options, OnExit on_exit);
  /// Kills what is still alive, without waiting; on_exit is not called.
  ~Child();

  /// Nonblocking ends of the pipes, for the owner to register; -1 when closed.
  int input() const { return input_.get(); }
  int output() const { return output_.get(); }
  int errors() const { return errors_.get(); }
  void close_input() { input_.reset(); }
  void close_output() { output_.reset(); }
  void close_errors() { errors_.reset(); }

  /// Closes stdin; after `grace_us` sends SIGTERM to the child's process group, after another `grace_us`
  /// kills all. The descriptor of input() must not be registered any more.
  void terminate(std::int64_t grace_us);
  /// Kills the child and all its descendants now.
  void kill();
  /// Of the supervisor, for messages.
  pid_t pid() const { return pid_; }

 private:
  Child(Loop& loop, OnExit on_exit);
  void on_ready(std::uint32_t events) override;
  void next_step();

  Loop& loop_;
  OnExit on_exit_;
  Fd input_;
  Fd output_;
  Fd errors_;
  Fd control_;
  Fd pidfd_;
  pid_t pid_ = 0;
  std::int64_t grace_us_ = 0;
  bool term_sent_ = false;
  Timer ladder_;
};

}  // namespace doorward::io
