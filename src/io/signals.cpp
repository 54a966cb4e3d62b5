#include "io/signals.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

#include "io/failure.h"

namespace doorward::io {

namespace {

sigset_t set_of(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  return set;
}

}  // namespace

void prepare_signals(std::initializer_list<int> signals) {
  ::signal(SIGPIPE, SIG_IGN);
  const sigset_t set = set_of(signals);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

SignalSource::SignalSource(Loop& loop, OnSignal on_signal) : loop_(loop), on_signal_(std::move(on_signal)) {}

SignalSource::~SignalSource() {
  if (fd_) loop_.remove(fd_.get(), *this);
}

Status SignalSource::start(std::initializer_list<int> signals) {
  const sigset_t set = set_of(signals);
  fd_ = Fd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!fd_) return system_failure("watch signals", errno, "check the limit of open files");
  return loop_.add(fd_.get(), *this);
}

void SignalSource::on_ready(std::uint32_t) {
  signalfd_siginfo info{};
  while (::read(fd_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    on_signal_(static_cast<int>(info.ssi_signo));
  }
}

}  // namespace doorward::io
