#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/merkle.h"
#include "base/hash.h"
#include "base/result.h"
#include "json/reader.h"

/// Names and lines of segments (docs/audit-format.md). Internal to the audit room.
namespace doorward::audit {

/// A segment's place: `<directory>/<epoch>-<first>.jsonl`, numbers padded so that names sort as the log runs.
struct SegmentFile {
  std::string path;
  std::uint64_t epoch = 0;
  std::uint64_t first = 0;  ///< sequence number of its first record
  std::uint64_t bytes = 0;
};

inline constexpr std::string_view kPartSuffix = ".part";

std::string segment_path(const std::string& directory, std::uint64_t epoch, std::uint64_t first);
std::string checkpoints_path(const std::string& directory, std::uint64_t epoch);

/// The segments of one writer in log order; with `suffix` kPartSuffix the unfinished replacements instead.
Result<std::vector<SegmentFile>> list_segments(const std::string& directory, std::string_view suffix = {});
/// Epochs that have a file of checkpoints, ascending.
std::vector<std::uint64_t> list_checkpoint_epochs(const std::string& directory);
/// The writers of a log directory: the names of its sub-directories that hold a lock file, sorted.
Result<std::vector<std::string>> list_writers(const std::string& directory);
/// Whether a live process holds the writer's lock.
bool writer_active(const std::string& writer_directory);

/// A file mapped for reading. The bytes are those present when it was opened.
class MappedFile {
 public:
  static Result<MappedFile> open(const std::string& path);
  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();
  std::string_view bytes() const { return {data_, size_}; }

 private:
  const char* data_ = nullptr;
  std::size_t size_ = 0;
};

/// What every record begins with, and the members that follow.
struct RecordHead {
  std::string_view writer;
  std::uint64_t epoch = 0;
  std::uint64_t seq = 0;
  std::string_view prev;     ///< 64 hexadecimal digits
  std::string_view members;  ///< without the closing brace
};

/// Appends `{"v":1,"writer":...,"prev":"...",`.
void append_head(std::string& out, std::string_view writer, std::uint64_t epoch, std::uint64_t seq,
                 std::string_view prev);
/// Nothing where the line does not have exactly that form.
std::optional<RecordHead> parse_head(std::string_view line);

/// The first members of a record: `id` (may be absent), `time`, `event`.
struct RecordStart {
  std::string_view id;
  std::string_view time;
  std::string_view event;
};
std::optional<RecordStart> parse_start(std::string_view members);

/// Microseconds since 1970 of the one spelling that records use.
std::optional<std::int64_t> parse_time(std::string_view text);

/// Takes the next line, without its newline, off `bytes`; false where no whole line is left.
bool next_line(std::string_view& bytes, std::string_view& line);

inline constexpr std::string_view kNoPrev =
    "0000000000000000000000000000000000000000000000000000000000000000";

std::optional<Digest> parse_digest(std::string_view hex);

/// The tree state that a record `segment.start` states: everything before it. Nothing for any other record,
/// or one that is wrong in itself.
std::optional<CompactTree> stated_tree(json::Value record);

}  // namespace doorward::audit
