#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scan/scan.h"

namespace doorward::cli {

class Session;

/// What the command line says about starting servers.
struct Consent {
  bool yes = false;      ///< all may be started
  bool no_exec = false;  ///< none may
};

/// Which servers a person lets us start or ask. Each is shown first, exactly; without a terminal nobody is asked, and
/// nothing is started without --yes. False: servers were left out for want of --yes.
bool choose_servers(const Consent& consent, scan::Scan& scan, std::vector<scan::Server*>& chosen);

/// Asks these servers for their tools, and tells of each on standard error.
void ask_chosen(const std::vector<scan::Server*>& chosen, const scan::AskOptions& options);

/// The clients of these ids; nothing after having failed, with what was probably meant.
std::optional<std::vector<const clients::Client*>> clients_of(Session& session, const std::vector<std::string>& ids_given);

}  // namespace doorward::cli
