#include "io/child.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "io/failure.h"
#include "io/stream.h"
#include "io/supervisor.h"

namespace doorward::io {

namespace {

struct Pipe {
  Fd read;
  Fd write;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return system_failure("make a pipe", errno, "raise the limit of open files");
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

/// Moves a descriptor out of 0..3, which the supervisor's own are copied to.
bool move_up(Fd& fd) {
  fd = Fd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 10));
  return static_cast<bool>(fd);
}

void set_nonblocking(const Fd& fd) {
  ::fcntl(fd.get(), F_SETFL, O_NONBLOCK);
}

/// Reaps the supervisor of a Child that was destroyed before it. Kept by its thread, since the loop may end first.
class Orphan final : public Handler {
 public:
  static void adopt(Loop& loop, Fd pidfd) {
    std::unique_ptr<Orphan> orphan(new Orphan(loop, std::move(pidfd)));
    if (loop.add(orphan->pidfd_.get(), *orphan)) kept().push_back(std::move(orphan));
  }
  void on_ready(std::uint32_t) override {
    siginfo_t info{};
    if (::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG) == 0 && info.si_pid == 0)
      return;
    loop_.remove(pidfd_.get(), *this);
    std::erase_if(kept(), [this](const auto& orphan) { return orphan.get() == this; });
  }

 private:
  static std::vector<std::unique_ptr<Orphan>>& kept() {
    static thread_local std::vector<std::unique_ptr<Orphan>> orphans;
    return orphans;
  }
  Orphan(Loop& loop, Fd pidfd) : loop_(loop), pidfd_(std::move(pidfd)) {}
  Loop& loop_;
  Fd pidfd_;
};

struct SpawnPlan {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  SpawnPlan() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
};

std::string others_can_write(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || (info.st_mode & (S_IWGRP | S_IWOTH)) == 0) return "";
  if (S_ISDIR(info.st_mode) && (info.st_mode & S_ISVTX) != 0) return "";
  return path + " can be written by others than its owner; take away that permission";
}

bool is_program(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

Result<Program> find_program(const std::string& command, const std::string& search_path) {
  std::string found;
  if (command.empty() || command.find('\0') != std::string::npos) {
    return fail(ErrorKind::invalid, "the command is empty or holds a NUL; name a program");
  }
  if (command.find('/') != std::string::npos) {
    if (command.front() != '/') {
      return fail(ErrorKind::invalid, "the command " + command + " is relative; give its absolute path");
    }
    if (is_program(command)) found = command;
  } else {
    for (std::size_t begin = 0; begin <= search_path.size() && found.empty();) {
      const std::size_t end = std::min(search_path.find(':', begin), search_path.size());
      const std::string folder = search_path.substr(begin, end - begin);
      begin = end + 1;
      if (folder.empty() || folder.front() != '/') continue;
      if (is_program(folder + "/" + command)) found = folder + "/" + command;
    }
  }
  if (found.empty()) {
    return fail(ErrorKind::not_found,
                "no executable program " + command + "; install it, or give the absolute path of another");
  }
  std::string warning = others_can_write(found);
  if (warning.empty())
    warning = others_can_write(found.substr(0, std::max<std::size_t>(found.rfind('/'), 1)));
  return Program{std::move(found), std::move(warning)};
}

Child::Child(Loop& loop, OnExit on_exit)
    : loop_(loop), on_exit_(std::move(on_exit)), ladder_(call<&Child::next_step>, this) {}

Child::~Child() {
  if (!pidfd_) return;
  loop_.remove(pidfd_.get(), *this);
  control_.reset();
  Orphan::adopt(loop_, std::move(pidfd_));
}

Result<std::unique_ptr<Child>> Child::spawn(Loop& loop, const SpawnOptions& options, OnExit on_exit) {
  if (options.program.empty() || options.program.front() != '/') {
    return fail(ErrorKind::invalid,
                "the program " + options.program + " is no absolute path; look it up first");
  }
  auto in = make_pipe();
  auto out = make_pipe();
  auto err = make_pipe();
  auto control = make_pipe();
  for (const auto* pipe : {&in, &out, &err, &control}) {
    if (!*pipe) return std::unexpected(pipe->error());
  }
  Fd* const handed[] = {&in->read, &out->write, &err->write, &control->read};
  for (Fd* fd : handed) {
    if (!move_up(*fd)) return system_failure("make a pipe", errno, "raise the limit of open files");
  }

  SpawnPlan plan;
  for (int i = 0; i < 4; ++i) ::posix_spawn_file_actions_adddup2(&plan.actions, handed[i]->get(), i);
  ::posix_spawn_file_actions_addclosefrom_np(&plan.actions, kControlFd + 1);
  if (!options.directory.empty()) {
    ::posix_spawn_file_actions_addchdir_np(&plan.actions, options.directory.c_str());
  }
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  ::posix_spawnattr_setsigmask(&plan.attributes, &none);
  ::posix_spawnattr_setsigdefault(&plan.attributes, &all);
  ::posix_spawnattr_setflags(&plan.attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);

  std::vector<char*> argv{const_cast<char*>(kSupervisorName), const_cast<char*>(options.program.c_str())};
  for (const std::string& argument : options.arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  std::vector<char*> environment;
  for (const std::string& variable : options.environment) {
    environment.push_back(const_cast<char*>(variable.c_str()));
  }
  environment.push_back(nullptr);

  std::unique_ptr<Child> child(new Child(loop, std::move(on_exit)));
  const int error = ::posix_spawn(&child->pid_, "/proc/self/exe", &plan.actions, &plan.attributes,
                                  argv.data(), environment.data());
  if (error != 0) {
    return system_failure("start " + options.program, error,
                          "check its working directory and that /proc is mounted");
  }
  child->pidfd_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, child->pid_, 0)));
  child->control_ = std::move(control->write);
  child->input_ = std::move(in->write);
  child->output_ = std::move(out->read);
  child->errors_ = std::move(err->read);
  for (const Fd* fd : {&child->input_, &child->output_, &child->errors_, &child->control_})
    set_nonblocking(*fd);
  const Status watched = child->pidfd_
                             ? loop.add(child->pidfd_.get(), *child)
                             : system_failure("watch a child", errno, "raise the limit of open files");
  if (!watched) {
    child->control_.reset();
    ::waitpid(child->pid_, nullptr, 0);
    child->pidfd_.reset();
    return std::unexpected(watched.error());
  }
  return child;
}

void Child::terminate(std::int64_t grace_us) {
  close_input();
  grace_us_ = grace_us;
  ladder_.arm(loop_, grace_us);
}

void Child::next_step() {
  if (term_sent_) {
    kill();
    return;
  }
  term_sent_ = true;
  write_some(control_.get(), {&kControlTerm, 1});
  ladder_.arm(loop_, grace_us_);
}

void Child::kill() {
  write_some(control_.get(), {&kControlKill, 1});
}

void Child::on_ready(std::uint32_t) {
  siginfo_t info{};
  if (::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0)
    return;
  ExitStatus status;
  (info.si_code == CLD_EXITED ? status.code : status.signal) = info.si_status;
  loop_.remove(pidfd_.get(), *this);
  pidfd_.reset();
  ladder_.disarm();
  // Moved out: the callback may destroy this object and with it the function that is running.
  OnExit on_exit = std::move(on_exit_);
  on_exit(status);
}

}  // namespace doorward::io
