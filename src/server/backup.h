#pragma once

#include <cstdint>
#include <string>

#include "audit/verify.h"
#include "base/result.h"
#include "server/state_dir.h"

namespace doorward::server {

struct BackupReport {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
};

/// Copies a state directory into one file (POSIX ustar, mode 0600), also while a gateway runs: the databases each of one
/// moment, then the log, which so knows of everything that they hold. It holds the keys, and with them every secret. The
/// journals of a running gateway and the index are left out: the one belongs to the process, the other is made anew.
/// conflict where `file` exists. Takes as long as copying does.
Result<BackupReport> make_backup(const StateDir& state, const std::string& file, std::int64_t now_us);

/// Puts a backup into a state directory that is empty or does not exist, once every file is as its manifest says, and
/// verifies the log. On failure nothing is left behind. A log that is wrong is a report that is not ok; the files then stay.
Result<audit::VerifyReport> restore_backup(const std::string& file, const StateDir& state);

}  // namespace doorward::server
