#include "server/serve.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "io/signals.h"
#include "server/daemon.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define DOORWARD_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define DOORWARD_SANITIZED 1
#endif

namespace doorward::server {
namespace {

/// Secrets live in this process's memory: no core file, no reading by other processes of the user. A leak
/// detector has to read it, so a build with one leaves the second out.
void guard_memory() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
#if !defined(DOORWARD_SANITIZED)
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

std::expected<Ending, StartFailure> serve(const ServeOptions& options,
                                          const OnReady& on_ready) {
  io::prepare_signals({SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2});
  guard_memory();
  raise_descriptor_limit();
  auto daemon = Daemon::create(options);
  if (!daemon) return std::unexpected(std::move(daemon.error()));
  return (*daemon)->run(on_ready);
}

}  // namespace doorward::server
