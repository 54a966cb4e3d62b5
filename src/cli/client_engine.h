#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/client_setup.h"

namespace doorward::cli {

class Session;

struct InitOptions {
  std::vector<std::string> clients;
  std::string mode;
  bool project = false;
  bool move_secrets = false;
  bool dry_run = false;
  bool yes = false;
};

struct UninitOptions {
  std::vector<std::string> clients;
  bool dry_run = false;
  bool yes = false;
};

/// `init`, and `client connect` for one client: looks, asks, shows, applies. Fails the session or prints what was done.
void run_init(Session& session, const InitOptions& options, const std::vector<const clients::Client*>& wanted,
              std::optional<SetupMode> mode);

/// `uninit`, and `client disconnect` for one client.
void run_uninit(Session& session, const UninitOptions& options);

}  // namespace doorward::cli
