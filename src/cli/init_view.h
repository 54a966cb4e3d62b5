#pragma once

#include <cstddef>
#include <string>

#include "cli/client_setup.h"
#include "cli/client_undo.h"

namespace doorward::cli {

/// What an init has found, does, or did, on the way to a terminal or to JSON; text from outside is escaped.

/// Clients and their servers, and what becomes of each, on lines of so many columns at most (0: any).
std::string entries_view(const scan::Scan& scan, const Setup& setup, std::size_t columns);
/// What the servers' tools can do, by category, and what the policies do about each.
std::string risk_view(const Setup& setup, SetupMode mode);
/// The change of every file, secrets as `[hidden]`.
std::string files_view(const scan::Scan& scan, const Setup& setup, bool color);

struct InitOutcome {
  SetupMode mode = SetupMode::observe;
  bool dry_run = false;
  bool applied = false;
  std::vector<std::string> backups;  ///< of Setup::files, in their order
};
std::string init_json(const scan::Scan& scan, const Setup& setup, const InitOutcome& outcome);

/// What happens to each file, with the three versions of entries that were changed since.
std::string undo_view(const std::vector<FileUndo>& plan, bool color);
std::string undo_json(const std::vector<FileUndo>& plan, const std::vector<std::string>& kept, bool dry_run);

}  // namespace doorward::cli
