#include "io/supervisor.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

// The code of the process between the gateway and one child. It runs before main() and before the program's
// static objects exist, so it uses system calls and the C library only.

namespace doorward::io {

const char kSupervisorName[] = "doorward-supervisor";

namespace {

struct State {
  pid_t child = 0;
  int status = 0;
  bool child_gone = false;
};

[[noreturn]] void become_child(pid_t supervisor, char** argv, char** environment) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != supervisor) ::_exit(127);
  ::setsid();
  ::close_range(3, ~0U, 0);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(argv[1], argv + 1, environment);
  ::dprintf(2, "doorward: cannot start %s: %s\n", argv[1], ::strerrorname_np(errno));
  ::_exit(127);
}

void reap(State& state) {
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid <= 0) return;
    if (pid != state.child) continue;
    state.status = status;
    state.child_gone = true;
  }
}

void send_term(const State& state) {
  if (state.child_gone) return;
  // Before its setsid() the child leads no group yet.
  if (::kill(-state.child, SIGTERM) != 0) ::kill(state.child, SIGTERM);
}

/// Kills our direct children; theirs become ours, as we are their subreaper.
bool kill_listed() {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/self/task/%d/children", ::getpid());
  FILE* list = std::fopen(path, "re");
  if (list == nullptr) return false;
  int pid = 0;
  while (std::fscanf(list, "%d", &pid) == 1) ::kill(pid, SIGKILL);
  std::fclose(list);
  return true;
}

/// The same for kernels without that list.
void kill_scanned() {
  DIR* proc = ::opendir("/proc");
  if (proc == nullptr) return;
  while (const dirent* entry = ::readdir(proc)) {
    char path[300];
    char stat[512];
    std::snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
    const int fd =
        entry->d_name[0] >= '0' && entry->d_name[0] <= '9' ? ::open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) continue;
    const ssize_t n = ::read(fd, stat, sizeof stat - 1);
    ::close(fd);
    if (n <= 0) continue;
    stat[n] = '\0';
    int parent = 0;
    const char* behind_name = std::strrchr(stat, ')');
    if (behind_name != nullptr && std::sscanf(behind_name, ") %*c %d", &parent) == 1 &&
        parent == ::getpid()) {
      ::kill(std::atoi(entry->d_name), SIGKILL);
    }
  }
  ::closedir(proc);
}

void kill_all(State& state) {
  for (int wait_ms = 1;; wait_ms = std::min(wait_ms * 2, 100)) {
    if (!kill_listed()) kill_scanned();
    reap(state);
    if (::waitid(P_ALL, 0, nullptr, WEXITED | WNOHANG | WNOWAIT) != 0 && errno == ECHILD) return;
    ::poll(nullptr, 0, wait_ms);
  }
}

[[noreturn]] void leave_like(int status) {
  if (WIFSIGNALED(status)) {
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, WTERMSIG(status));
    ::signal(WTERMSIG(status), SIG_DFL);
    ::raise(WTERMSIG(status));
    ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
  }
  ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 127);
}

[[noreturn]] void supervise(char** argv, char** environment) {
  ::prctl(PR_SET_NAME, "doorward-super");
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  ::fcntl(kControlFd, F_SETFD, FD_CLOEXEC);
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  sigset_t child_only;
  sigemptyset(&child_only);
  sigaddset(&child_only, SIGCHLD);
  const int signals = ::signalfd(-1, &child_only, SFD_CLOEXEC | SFD_NONBLOCK);

  State state;
  const pid_t self = ::getpid();
  state.child = ::fork();
  if (state.child == 0) become_child(self, argv, environment);
  if (state.child < 0 || signals < 0) {
    ::dprintf(2, "doorward: cannot start %s: %s\n", argv[1], ::strerrorname_np(errno));
    ::_exit(127);
  }
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd <= 2; ++fd) ::dup2(null, fd);

  bool end = false;
  while (!end && !state.child_gone) {
    pollfd watched[2] = {{kControlFd, POLLIN, 0}, {signals, POLLIN, 0}};
    if (::poll(watched, 2, -1) < 0) continue;
    if (watched[1].revents != 0) {
      signalfd_siginfo info;
      while (::read(signals, &info, sizeof info) > 0) {
      }
      reap(state);
    }
    if (watched[0].revents != 0) {
      char command = kControlKill;
      const ssize_t n = ::read(kControlFd, &command, 1);
      if (n == 1 && command == kControlTerm) {
        send_term(state);
      } else {
        end = true;
      }
    }
  }
  kill_all(state);
  leave_like(state.status);
}

__attribute__((constructor(101))) void enter(int argc, char** argv, char** environment) {
  struct stat info {};
  if (argc >= 2 && std::strcmp(argv[0], kSupervisorName) == 0 && ::fstat(kControlFd, &info) == 0 &&
      S_ISFIFO(info.st_mode)) {
    supervise(argv, environment);
  }
}

}  // namespace

}  // namespace doorward::io
