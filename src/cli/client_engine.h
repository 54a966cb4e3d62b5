#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

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

/// What both commands take beside the clients.
void add_init_options(CLI::App& command, InitOptions& options);
void add_uninit_options(CLI::App& command, UninitOptions& options);

/// `init`, and `client connect` for one client: looks, asks, shows, applies. Fails the session or prints what was done.
void init(Session& session, const InitOptions& options);

/// `uninit`, and `client disconnect` for one client.
void uninit(Session& session, const UninitOptions& options);

}  // namespace doorward::cli
