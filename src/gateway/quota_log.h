#pragma once

#include <string>

#include "audit/log_writer.h"
#include "base/result.h"
#include "quota/table.h"

namespace doorward::gateway {

/// The counts of all limits on disk: a snapshot, `<state>/counts-<writer>.snapshot`, with the place in this
/// writer's log up to which it holds, and from there the log itself. The log is the truth: after a crash no
/// count is lower than what was forwarded.

/// Loads the snapshot and replays the records of the log behind it; before the first call. A damaged snapshot is set
/// aside and the whole log replayed.
Status restore_counts(quota::Table& table, const std::string& state, const std::string& writer,
                      quota::Now now);

/// Brings the snapshot forward to `upto`, a position of a log that is still being written, by replaying what
/// lies between: so a start after a crash has little to replay, however old the log is. Takes as long as
/// reading those records; for a thread of its own.
Status fold_counts(const std::string& state, const audit::LogPosition& upto);

/// Writes the snapshot of a table that no longer changes, as of a position in a log that has ended.
Status save_counts(const quota::Table& table, const std::string& state, const audit::LogPosition& position,
                   quota::Now now);

}  // namespace doorward::gateway
