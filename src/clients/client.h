#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "clients/tree.h"

namespace doorward::clients {

/// Whose setting a file is.
enum class Scope : std::uint8_t {
  user,
  project,  ///< shared with everybody who works in the folder
  local,    ///< of one user for one folder
  managed,  ///< written by an administrator
  given,    ///< named on the command line
};
std::string_view to_string(Scope scope);

enum class Os : std::uint8_t { linux, macos, windows };

/// A file in which a client looks for servers. Paths begin with `~/` (home), `%APPDATA%/`, `$CONFIG/` (XDG),
/// `$CLAUDE/` (where Claude Code keeps its own), `./` (the project's folder) or `/`.
struct Location {
  Scope scope;
  Format format;
  std::string_view key;  ///< path of the object or list with the servers
  std::string_view linux;
  std::string_view macos;
  std::string_view windows;
  std::string_view on(Os os) const;
};

/// A program that connects a model to servers.
struct Client {
  std::string_view id;     ///< of `--client`
  std::string_view label;  ///< for people
  std::span<const Location> locations;
  std::string_view reload;  ///< what a person does so that it reads its files anew
};

std::span<const Client> all_clients();
/// By id; null where there is none.
const Client* find_client(std::string_view id);

/// Where the paths of locations begin.
struct Roots {
  Os os = Os::linux;
  std::string home;
  std::string project;
  std::string config;   ///< XDG_CONFIG_HOME
  std::string appdata;  ///< of Windows
  std::string claude;   ///< CLAUDE_CONFIG_DIR, else the home directory
};
/// Those of this process: its environment and its working directory.
Roots roots_of_process();

/// A file that there is.
struct FoundFile {
  const Client* client;
  const Location* location;
  std::string path;
};
/// The files of all clients, or of one, that there are, in the order of the table; each real file once.
std::vector<FoundFile> find_files(const Roots& roots, const Client* only = nullptr);

}  // namespace doorward::clients
