#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "clients/config_file.h"
#include "clients/edit.h"

namespace doorward::clients {

/// The variable that marks an entry as ours. Harmless to every client and server.
inline constexpr std::string_view kManagedMark = "DOORWARD_MANAGED";

/// What an entry is to start: Doorward's end of a connection to the gateway.
struct Shim {
  std::string program;
  std::vector<std::string> args;
  /// Variables that leave the entry, since the gateway gives them to the server from now on.
  std::vector<std::string> moved;
  /// Variables that the entry has besides, such as a header of what was a URL; references in them stay references.
  std::vector<Setting> added;
  /// Names of variables of its own environment that the client is to hand on (Codex: `env_vars`).
  std::vector<std::string> passed;
};

bool is_managed(const Entry& entry);

/// Where an entry of a file stands.
Result<KeyPath> entry_path(std::string_view text, Format format, const Client& client, const Location& location,
                           const Entry& entry);

/// Makes an entry start the shim. It keeps its name, its place and all that it says beside how its server starts: limits
/// of time, lists of tools, approvals, comments. Errors as edit_object, and `invalid` where putting the old bytes back would
/// leave another file.
Result<std::string> put_shim(std::string_view text, Format format, const Client& client, const KeyPath& entry,
                             const Shim& shim);

/// Adds an entry that starts the shim.
Result<std::string> add_shim(std::string_view text, const Client& client, const Location& location, const std::string& name,
                             const Shim& shim);

}  // namespace doorward::clients
