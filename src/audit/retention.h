#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "audit/segment.h"
#include "base/result.h"

namespace doorward::audit {

/// Whole segments to remove, oldest first, and what the log keeps of each.
struct RemovedSegment {
  SegmentFile file;
  std::uint64_t count = 0;
  Digest last{};  ///< leaf hash of its last record
};

/// The oldest segments all of whose records were made before `cutoff_us`, such that the first one that stays
/// states its tree (a first segment of an epoch, or one that begins with segment.start); at most `limit`.
Result<std::vector<RemovedSegment>> plan_retention(const std::string& directory, std::int64_t cutoff_us,
                                                   std::size_t limit);

}  // namespace doorward::audit
