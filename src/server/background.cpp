#include "server/background.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/clock.h"
#include "base/text.h"
#include "io/failure.h"
#include "io/fd.h"
#include "io/socket.h"

namespace doorward::server {
namespace {

constexpr std::int64_t kPatienceUs = 35'000'000;
constexpr off_t kMostLog = 4 << 20;
constexpr std::size_t kMostSaid = 600;
constexpr useconds_t kLookUs = 10'000;
/// Longer than the gateway's longest default grace for calls under way.
constexpr int kStopMs = 90'000;

/// What the child said that is no line of its log: findings and the error, the latest.
std::string last_words(const std::string& path, off_t from) {
  const io::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return {};
  std::string text(16384, '\0');
  const ssize_t got = pread(file.get(), text.data(), text.size(), from);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  std::string words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = std::string_view(text).substr(at, end - at);
    at = end + 1;
    // A line of the log begins with its time.
    if (line.empty() || is_digit(line.front())) continue;
    for (const std::string_view prefix : {"doorward: ", "error: "}) {
      if (line.starts_with(prefix)) line.remove_prefix(prefix.size());
    }
    words.append(words.empty() ? "" : "; ").append(line);
  }
  return words.substr(words.size() - std::min(words.size(), kMostSaid));
}

/// In the child, after fork: only calls that are safe there.
[[noreturn]] void become_gateway(const char* program, char* const* arguments, const char* home, int null, int log) {
  setsid();
  signal(SIGPIPE, SIG_DFL);
  signal(SIGCHLD, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (dup2(null, STDIN_FILENO) < 0 || dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0) _exit(127);
  syscall(SYS_close_range, 3U, ~0U, 0U);
  umask(077);
  if (chdir(home) != 0 && chdir("/") != 0) _exit(127);
  execv(program, arguments);
  constexpr std::string_view kFailed = "doorward: error: the gateway's program cannot be started\n";
  if (write(STDERR_FILENO, kFailed.data(), kFailed.size()) < 0) _exit(126);
  _exit(127);
}

bool answers(const StateDir& state) {
  return io::connect_unix(state.agent_socket()).has_value() && io::connect_unix(state.control_socket()).has_value();
}

}  // namespace

std::string own_program() {
  std::array<char, 4096> path{};
  const ssize_t size = readlink("/proc/self/exe", path.data(), path.size());
  if (size <= 0) return "/proc/self/exe";
  std::string program(path.data(), static_cast<std::size_t>(size));
  // What Linux appends once the file was replaced.
  constexpr std::string_view kDeleted = " (deleted)";
  if (program.ends_with(kDeleted)) program.resize(program.size() - kDeleted.size());
  return program;
}

Status BackgroundStart::spawn() {
  const std::string log_path = state_.gateway_log();
  struct stat facts {};
  if (stat(log_path.c_str(), &facts) == 0 && facts.st_size > kMostLog) {
    rename(log_path.c_str(), (log_path + ".1").c_str());
  }
  const io::Fd log(open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!log) return io::system_failure("open " + log_path, errno, "check the state directory and its owner");
  const io::Fd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!null) return io::system_failure("open /dev/null", errno, "check the system");
  log_from_ = fstat(log.get(), &facts) == 0 ? facts.st_size : 0;
  const std::array<std::string, 5> words = {program_, "serve", "--local", "--state", state_.path};
  std::array<char*, 6> arguments{};
  for (std::size_t i = 0; i < words.size(); ++i) arguments[i] = const_cast<char*>(words[i].c_str());
  const char* home = std::getenv("HOME");
  // Nobody waits for it: it may live longer than this process, and leaves nothing behind in it.
  signal(SIGCHLD, SIG_IGN);
  child_ = fork();
  if (child_ == 0) become_gateway(program_.c_str(), arguments.data(), home != nullptr ? home : "/", null.get(), log.get());
  if (child_ < 0) {
    child_ = 0;
    return io::system_failure("start a process", errno, "check the limit of processes");
  }
  return {};
}

BackgroundStart::Step BackgroundStart::give_up(std::string why) {
  done();
  failure_ = std::move(why);
  return Step::failed;
}

BackgroundStart::Step BackgroundStart::step(std::int64_t now_us) {
  if (begun_us_ == 0) begun_us_ = now_us;
  if (child_ != 0) {
    if (kill(child_, 0) != 0) {
      child_ = 0;
      std::string said = last_words(state_.gateway_log(), log_from_);
      if (said.empty()) said = "it ended without a word";
      return give_up(said + " (all of it: " + state_.gateway_log() + ")");
    }
  } else {
    if (!lock_) {
      auto lock = io::FileLock::acquire(state_.path + "/start.lock");
      if (lock) lock_ = std::move(*lock);
      const bool taken = !lock && (lock.error().kind == ErrorKind::conflict || lock.error().kind == ErrorKind::unavailable);
      if (!lock && !taken) return give_up(lock.error().message);
    }
    // Somebody may have started it between our last look and the lock.
    if (lock_ && !io::connect_unix(state_.agent_socket())) {
      if (const Status spawned = spawn(); !spawned) return give_up(spawned.error().message);
    }
  }
  if (now_us - begun_us_ < kPatienceUs) return Step::waiting;
  return give_up("it does not answer; see " + state_.gateway_log() + ", or run `doorward doctor`");
}

void BackgroundStart::done() {
  lock_.reset();
  begun_us_ = 0;
  child_ = 0;
}

Status ensure_gateway(const StateDir& state) {
  if (answers(state)) return {};
  if (Status ready = prepare_state_dir(state); !ready) return ready;
  BackgroundStart start(state, own_program());
  while (!answers(state)) {
    if (start.step(system_clock().monotonic_us()) == BackgroundStart::Step::failed) {
      return fail(ErrorKind::unavailable, "the gateway could not be started: " + start.failure());
    }
    usleep(kLookUs);
  }
  start.done();
  return {};
}

Result<bool> stop_gateway(const StateDir& state) {
  const auto connection = io::connect_unix(state.control_socket());
  if (!connection) return false;
  const auto peer = io::peer_credentials(connection->get());
  if (!peer) return std::unexpected(peer.error());
  const io::Fd process(static_cast<int>(syscall(SYS_pidfd_open, peer->pid, 0)));
  if (!process || syscall(SYS_pidfd_send_signal, process.get(), SIGTERM, nullptr, 0) != 0) {
    return io::system_failure("end the gateway, process " + std::to_string(peer->pid), errno,
                              "end it as the user who started it");
  }
  pollfd gone{process.get(), POLLIN, 0};
  if (poll(&gone, 1, kStopMs) == 1) return true;
  return fail(ErrorKind::unavailable, "the gateway, process " + std::to_string(peer->pid) +
                                          ", still finishes calls; look again with `doorward status`");
}

}  // namespace doorward::server
