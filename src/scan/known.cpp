#include "scan/known.h"

#include <algorithm>

#include "base/clock.h"
#include "server/state_dir.h"

namespace doorward::scan {

KnownServers::KnownServers(const std::string& state) {
  const auto chosen = server::choose_state_dir(state);
  if (!chosen) {
    troubles_.push_back("nothing is kept: " + chosen.error().message);
    return;
  }
}

void KnownServers::remember(Scan&) {}
void KnownServers::fill(Scan&) {}
LooksLike KnownServers::looks_like() {
  return {};
}

}  // namespace doorward::scan
