#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "audit/file_ops.h"
#include "audit/ring.h"
#include "base/hash.h"
#include "base/result.h"

namespace doorward::audit {

/// What a writer's directory holds when a process takes it over (docs/audit-format.md, Recovery).
struct Recovered {
  std::uint64_t epoch = 0;  ///< the newest that has a record; 0: none
  std::uint64_t next_epoch = 1;
  std::uint64_t size = 0;  ///< records of that epoch
  Digest last{};           ///< leaf hash of its last record
  Digest root{};           ///< of its tree, when tree_known
  bool tree_known = false;
  bool clean = true;  ///< it ended in writer.stop
  std::uint64_t cut_bytes = 0;
  std::uint64_t empty_segments = 0;  ///< newest ones without a record, removed
  std::string problem;               ///< the old log contradicts itself; it is left as it is

  /// An intent that has no outcome; the texts are unescaped.
  struct Intent {
    std::string id;
    std::string grant;
    std::string server;
    std::string method;
    std::string tool;
  };
  std::vector<Intent> open;

  std::vector<std::string> records;  ///< members that were in rings only, in order
  std::vector<std::string> values;   ///< side entries that were in rings
  std::vector<std::string> arguments;  ///< entries for the ArgumentStore whose record the log lacks
  Ring::Lost lost;
  bool ring_damaged = false;
  std::vector<std::string> ring_files;
};

/// Reads the directory and mends what a crash may leave: cuts a torn last record, removes empty newest
/// segments and unfinished replacements, cuts lines that a replacement repeats. The caller holds the writer's
/// lock. Leaves the rings alone: whoever has stored what they held makes them anew.
Result<Recovered> recover_writer(FileOps& files, const std::string& directory);

inline std::string ring_path(const std::string& directory, std::size_t index) {
  return directory + "/ring-" + std::to_string(index);
}
inline std::string open_intents_path(const std::string& directory) {
  return directory + "/open-intents";
}

}  // namespace doorward::audit
