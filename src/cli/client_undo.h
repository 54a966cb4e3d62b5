#pragma once

#include <string>
#include <vector>

#include "clients/file_set.h"
#include "clients/manifest.h"

namespace doorward::cli {

/// An entry of ours that somebody has changed since.
struct EntryConflict {
  std::string name;
  std::string original;  ///< before init
  std::string written;   ///< by init
  std::string now;       ///< empty where it cannot be told
  std::string why;
};

/// How one file goes back to what it was.
struct FileUndo {
  std::string client;
  std::string path;
  bool whole = false;          ///< byte for byte: nobody has changed it since
  bool gone = false;           ///< the file is not there any more
  std::vector<std::string> restored;     ///< names of entries that are put back
  std::vector<EntryConflict> conflicts;  ///< entries that stay as they are
  clients::FileEdit edit;      ///< nothing to do where before and after are equal
  std::string backup;          ///< goes once the file is back as it was
  std::vector<clients::ManagedEntry> remain;  ///< those in conflict

  bool changes() const { return edit.removes || edit.before != edit.after; }
};

/// Plans it for the files of these clients (all, where there are none). Nothing is written. Fails where a file is there
/// and cannot be read.
Result<std::vector<FileUndo>> plan_undo(const clients::Manifest& manifest, const std::vector<std::string>& client_ids);

/// The manifest once the files are back.
clients::Manifest after_undo(clients::Manifest manifest, const std::vector<FileUndo>& undone);

}  // namespace doorward::cli
