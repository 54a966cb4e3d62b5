#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"

namespace doorward::clients {

/// A new text for a file.
struct FileEdit {
  std::string path;
  std::string before;   ///< as it was read
  std::string after;
  bool is_new = false;  ///< there was no file
  bool removes = false; ///< the file goes; `after` says nothing
  std::string backup;   ///< where the text before is kept; empty: nowhere
};

/// Why a file cannot be edited now, before anything is tried; empty: it can. Links are followed.
std::string why_not_writable(const std::string& path);

/// Writes all files or none: each is replaced whole (a file beside it, renamed), through links, with its permissions,
/// after a look whether it still says what was read. Where one fails, those before it get their text back and new
/// backups go. `conflict`: a file has changed meanwhile.
Status write_files(const std::vector<FileEdit>& edits);

/// `<file>.doorward-backup-<time>` beside the real file, such as 20260131T140000Z.
std::string backup_path(const std::string& path, std::int64_t now_s);

}  // namespace doorward::clients
