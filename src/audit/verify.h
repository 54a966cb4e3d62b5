#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit/checkpoint.h"
#include "base/result.h"

namespace doorward::audit {

struct VerifyOptions {
  /// Keys that checkpoints may be signed with. Without any, chain and tree are checked and `signed_records`
  /// is 0.
  std::vector<PublicKey> keys;
  /// Checkpoint notes kept elsewhere: each must agree with the log. They catch a cut tail, a rollback and a
  /// log replaced as a whole, which nothing inside the log can. Two of them are compared with each other this
  /// way.
  std::vector<std::string> external;
  /// Start at the last segment whose signed start lies at or before this note (it must agree too), not at the
  /// first record. Older records are not read.
  std::optional<std::string> since;
  /// The records are those of a period: each writer's first one need only state what came before it, under a verified
  /// checkpoint.
  bool window = false;
  /// Also read each record as strict JSON.
  bool check_json = true;
};

struct VerifyFinding {
  std::string file;
  std::uint64_t line = 0;  ///< from 1; 0: the file as a whole
  std::string writer;
  std::uint64_t epoch = 0;
  std::uint64_t seq = 0;
  std::string reason;  ///< one sentence
};

struct VerifyReport {
  bool ok = false;
  std::optional<VerifyFinding> first_bad;  ///< set exactly when not ok
  std::vector<std::string> notes;  ///< worth knowing, not wrong: a writer still at work, removed segments
  std::uint64_t records = 0;
  std::uint64_t signed_records = 0;  ///< of them under a checkpoint whose signature was verified
  std::uint64_t bytes = 0;
  std::uint64_t segments = 0;
  std::uint64_t checkpoints = 0;  ///< whose signature and root were verified
  std::uint64_t writers = 0;
  std::uint64_t epochs = 0;
  std::vector<Checkpoint> heads;  ///< the last tree head of each epoch, as computed
};

/// Verifies, offline and without changing anything: a log directory (all writers), one writer's directory, or
/// one file of exported records (in order per writer and epoch; checkpoints in `<file>.checkpoints`, if
/// present). An error means that it could not be read at all; a log that is wrong is a report that is not ok.
Result<VerifyReport> verify_log(const std::string& path, const VerifyOptions& options = {});

}  // namespace doorward::audit
