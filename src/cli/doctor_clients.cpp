#include <string>

#include "cli/doctor_checks.h"
#include "cli/log_view.h"
#include "clients/client.h"
#include "clients/config_file.h"
#include "clients/manifest.h"
#include "clients/standing.h"

namespace doorward::cli {
namespace {

/// What Claude Code takes of a name, with the prefix that it puts before it; longer ones are dropped.
constexpr std::size_t kLongestName = 128;

std::string command_of(const clients::Entry& entry) {
  std::string text = entry.command;
  for (const std::string& argument : entry.args) text += " " + argument;
  return text;
}

/// The server of the gateway that an entry reaches by itself; null where it reaches none.
const KnownServer* bypassed(const clients::Entry& entry, const std::vector<KnownServer>& servers) {
  const std::string command = command_of(entry);
  for (const KnownServer& server : servers) {
    if (!server.url.empty() && entry.url == server.url) return &server;
    if (!server.command.empty() && !entry.command.empty() && command == server.command) return &server;
  }
  return nullptr;
}

void check_names(const KnownServer& server, Checks& checks) {
  std::size_t longer = 0;
  std::string longest;
  for (const std::string& tool : server.tools) {
    if (("mcp__" + server.name + "__" + tool).size() <= kLongestName) continue;
    ++longer;
    if (tool.size() > longest.size()) longest = tool;
  }
  if (longer == 0) return;
  checks.push_back({"names of " + server.name, "warn",
                    std::to_string(longer) + (longer == 1 ? " tool has" : " tools have") + " a name over 128 characters behind a client's prefix (" +
                        safe_text(longest).substr(0, 40) + "...), which Claude Code drops",
                    "give the server a shorter name, or ask its maker for shorter names of tools", {}});
}

/// Entries that init put before the gateway, and that are another by now.
void check_drift(const server::StateDir& state, Checks& checks) {
  const auto manifest = clients::read_manifest(clients::manifest_path(state.path));
  if (!manifest) {
    checks.push_back({"clients", "fail", manifest.error().message, "restore it from a backup: uninit goes by it", {}});
    return;
  }
  if (manifest->files.empty()) return;
  for (const clients::StandingFile& file : clients::find_standing(clients::roots_of_process(), {}, *manifest)) {
    for (const clients::StandingEntry& entry : file.entries) {
      if (entry.standing != clients::Standing::edited) continue;
      checks.push_back({"client " + file.label, "warn", "its entry " + safe_text(entry.name) + " (" + safe_text(file.path) + ") was changed since init",
                        "doorward client status shows it; doorward init puts it behind the gateway again", {}});
    }
  }
}

}  // namespace

void check_clients(const server::StateDir& state, const std::vector<KnownServer>& servers, Checks& checks) {
  check_drift(state, checks);
  std::size_t looked = 0;
  std::size_t past = 0;
  for (const clients::FoundFile& found : clients::find_files(clients::roots_of_process())) {
    const clients::ConfigFile file = clients::read_config(found);
    ++looked;
    if (!file.error.empty()) {
      checks.push_back({"client " + file.label, "warn", safe_text(found.path) + ": " + safe_text(file.error), "correct the file; the client may ignore it", {}});
      continue;
    }
    for (const clients::Entry& entry : file.entries) {
      const KnownServer* server = entry.disabled ? nullptr : bypassed(entry, servers);
      if (server == nullptr) continue;
      ++past;
      checks.push_back({"client " + file.label, "warn",
                        "its entry " + safe_text(entry.name) + " (" + safe_text(found.path) + ":" + std::to_string(entry.line) +
                            ") reaches the server " + server->name + " past the gateway",
                        "let it point to the gateway: doorward init --client " + std::string(found.client->id), {}});
    }
  }
  if (looked > 0 && past == 0) checks.push_back({"clients", "ok", "no entry of their files reaches a server past the gateway", {}, {}});
  for (const KnownServer& server : servers) check_names(server, checks);
}

}  // namespace doorward::cli
