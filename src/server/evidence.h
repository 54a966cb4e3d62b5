#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/state_dir.h"

namespace doorward::server {

/// An archive for an auditor: everything of a period that shows what was decided, by whose rules, and that nothing was
/// removed; readable and verifiable without Doorward (docs/audit-and-compliance.md).
struct EvidenceOptions {
  StateDir state;
  std::int64_t from_us = 0;
  std::int64_t to_us = 0;   ///< not included
  std::string folder;       ///< is made, and must not exist
  std::size_t samples = 25;  ///< calls whose inclusion proofs are written
  std::int64_t now_us = 0;
  /// Further documents: file name within the folder and its text, such as `grants.json`.
  std::map<std::string, std::string> documents;
};

struct EvidenceReport {
  std::uint64_t records = 0;                  ///< of the period
  std::map<std::string, std::uint64_t> counts;  ///< of what was looked for, zeros included
  bool verified = false;                      ///< the copied log is whole
  std::string first_bad;                      ///< else why not
};

/// Reads files only; the log may be written meanwhile. On failure the folder is left as it is.
Result<EvidenceReport> write_evidence(const EvidenceOptions& options);

/// Packs a folder as one file (POSIX ustar), names beginning with the folder's own.
Status pack_tar(const std::string& folder, const std::string& file);

/// The independent verifier, tools/verify_audit.py.
extern const std::string_view kVerifierText;

}  // namespace doorward::server
