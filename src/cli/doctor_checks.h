#pragma once

#include <string>
#include <vector>

#include "json/value.h"
#include "server/state_dir.h"

namespace doorward::cli {

/// One check: what it is about, how it went, why, and what to do.
struct Check {
  std::string name;
  std::string state;  ///< ok, warn, fail
  std::string cause;
  std::string next;
  std::string fixed;  ///< what --fix did about it; empty: nothing
};
using Checks = std::vector<Check>;

/// This machine: the state directory and who may read it, free space, the log's key, the clock. With `fix`, takes away
/// access that others should not have, and a control socket that nobody answers on.
void check_host(const server::StateDir& state, bool running, bool fix, Checks& checks);

/// Who can reach the running gateway: its answer to `status`.
void check_exposure(json::Value status, Checks& checks);

/// Policies that only observe or have not been looked at for long, grants that nobody uses: of these answers to
/// `policy.list` and `grant.list`.
void check_use(const server::StateDir& state, json::Value policies, json::Value grants, Checks& checks);

/// A server of the gateway, for those who look at clients.
struct KnownServer {
  std::string name;
  std::string url;      ///< empty: it is a command
  std::string command;  ///< its words, joined by spaces
  std::vector<std::string> tools;
};

/// The configuration files of this computer's clients: entries that init made and somebody has changed since, entries that
/// reach the same servers past the gateway, and names of tools that grow too long behind a client's prefix.
void check_clients(const server::StateDir& state, const std::vector<KnownServer>& servers, Checks& checks);

}  // namespace doorward::cli
