#include "audit/retention.h"

namespace doorward::audit {
namespace {

struct FirstRecord {
  std::int64_t time_us = 0;
  bool states_tree = false;
};

std::optional<FirstRecord> first_record(const SegmentFile& segment) {
  Result<MappedFile> file = MappedFile::open(segment.path);
  if (!file) return std::nullopt;
  std::string_view bytes = file->bytes();
  std::string_view line;
  if (!next_line(bytes, line)) return std::nullopt;
  const std::optional<RecordHead> head = parse_head(line);
  const std::optional<RecordStart> start = head ? parse_start(head->members) : std::nullopt;
  const std::optional<std::int64_t> time = start ? parse_time(start->time) : std::nullopt;
  if (!time) return std::nullopt;
  return FirstRecord{*time, segment.first == 0 || start->event == "segment.start"};
}

Result<RemovedSegment> describe(const SegmentFile& segment) {
  Result<MappedFile> file = MappedFile::open(segment.path);
  if (!file) return std::unexpected(file.error());
  RemovedSegment removed{segment, 0, {}};
  std::string_view bytes = file->bytes();
  std::string_view line;
  std::string_view last;
  while (next_line(bytes, line)) {
    last = line;
    ++removed.count;
  }
  Sha256 hash;
  if (removed.count > 0) removed.last = leaf_hash(hash, last);
  return removed;
}

}  // namespace

Result<std::vector<RemovedSegment>> plan_retention(const std::string& directory, std::int64_t cutoff_us,
                                                   std::size_t limit) {
  Result<std::vector<SegmentFile>> segments = list_segments(directory);
  if (!segments) return std::unexpected(segments.error());
  std::size_t stays = 0;
  for (std::size_t i = 1; i < segments->size() && i <= limit; ++i) {
    const std::optional<FirstRecord> first = first_record((*segments)[i]);
    if (!first || first->time_us >= cutoff_us) break;
    if (first->states_tree) stays = i;
  }
  std::vector<RemovedSegment> removed;
  for (std::size_t i = 0; i < stays; ++i) {
    Result<RemovedSegment> segment = describe((*segments)[i]);
    if (!segment) return std::unexpected(segment.error());
    removed.push_back(std::move(*segment));
  }
  return removed;
}

}  // namespace doorward::audit
