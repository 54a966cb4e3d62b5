#include "audit/recovery.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <optional>
#include <unordered_set>

#include "audit/open_intents.h"
#include "audit/segment.h"
#include "base/encoding.h"

namespace doorward::audit {
namespace {

Error operation_error(const std::string& path, const char* what, int code) {
  return {ErrorKind::unavailable, "cannot " + std::string(what) + " " + path + ": " + std::strerror(code) +
                                      "; check the disk and the permissions of the log directory"};
}

Status cut_file(FileOps& files, const std::string& path, std::uint64_t size) {
  const int fd = files.open(path, O_WRONLY, 0600);
  if (fd < 0) return std::unexpected(operation_error(path, "cut", -fd));
  int code = -files.truncate(fd, static_cast<off_t>(size));
  if (code == 0) code = -files.fdatasync(fd);
  files.close(fd);
  if (code != 0) return std::unexpected(operation_error(path, "cut", code));
  return {};
}

Status remove_file(FileOps& files, const std::string& path) {
  if (const int code = -files.remove(path); code != 0)
    return std::unexpected(operation_error(path, "remove", code));
  return {};
}

/// Cuts what stands behind the last newline.
Status cut_torn_tail(FileOps& files, SegmentFile& segment, Recovered& found) {
  Result<MappedFile> file = MappedFile::open(segment.path);
  if (!file) return std::unexpected(file.error());
  const std::string_view bytes = file->bytes();
  const std::size_t end = bytes.rfind('\n');
  const std::size_t whole = end == std::string_view::npos ? 0 : end + 1;
  if (whole == bytes.size()) return {};
  if (Status cut = cut_file(files, segment.path, whole); !cut) return cut;
  found.cut_bytes += bytes.size() - whole;
  segment.bytes = whole;
  return {};
}

/// Cuts from `segment` the lines that `next` begins with again (a crash amid a replacement).
Status cut_repeated(FileOps& files, const SegmentFile& segment, const SegmentFile& next) {
  if (segment.epoch != next.epoch) return {};
  Result<MappedFile> file = MappedFile::open(segment.path);
  if (!file) return std::unexpected(file.error());
  std::string_view rest = file->bytes();
  std::size_t keep = 0;
  std::string_view line;
  while (next_line(rest, line)) {
    const std::optional<RecordHead> head = parse_head(line);
    if (head && head->seq >= next.first) break;
    keep = file->bytes().size() - rest.size();
  }
  if (keep == file->bytes().size()) return {};
  return cut_file(files, segment.path, keep);
}

Status mend_files(FileOps& files, const std::string& directory, std::vector<SegmentFile>& segments,
                  Recovered& found) {
  Result<std::vector<SegmentFile>> parts = list_segments(directory, kPartSuffix);
  if (!parts) return std::unexpected(parts.error());
  for (const SegmentFile& part : *parts) {
    if (Status removed = remove_file(files, part.path); !removed) return removed;
  }
  while (!segments.empty()) {
    SegmentFile& newest = segments.back();
    if (Status cut = cut_torn_tail(files, newest, found); !cut) return cut;
    if (newest.bytes != 0) break;
    if (Status removed = remove_file(files, newest.path); !removed) return removed;
    ++found.empty_segments;
    segments.pop_back();
  }
  if (segments.size() >= 2) return cut_repeated(files, segments[segments.size() - 2], segments.back());
  return {};
}

bool begins_with_tree(const SegmentFile& segment) {
  if (segment.first == 0) return true;
  Result<MappedFile> file = MappedFile::open(segment.path);
  if (!file) return false;
  std::string_view bytes = file->bytes();
  std::string_view line;
  if (!next_line(bytes, line)) return false;
  const std::optional<RecordHead> head = parse_head(line);
  const std::optional<RecordStart> start = head ? parse_start(head->members) : std::nullopt;
  return start && start->event == "segment.start";
}

/// Reads segments in order, following the chain, collecting open intents and what dedupes the rings.
class Scan {
 public:
  explicit Scan(Recovered& found) : found_(found) {}

  Status segment(const SegmentFile& segment, RecordPlace open_from) {
    Result<MappedFile> file = MappedFile::open(segment.path);
    if (!file) return std::unexpected(file.error());
    if (segment.epoch != epoch_) {
      epoch_ = segment.epoch;
      tree_ = CompactTree();
      tree_known_ = segment.first == 0;
      next_.reset();
    }
    std::string_view bytes = file->bytes();
    std::string_view line;
    while (next_line(bytes, line)) {
      const std::optional<RecordHead> head = parse_head(line);
      if (!head || head->epoch != segment.epoch || (next_ && (head->seq != *next_ || head->prev != prev_))) {
        problem(segment, head ? std::optional(head->seq) : std::nullopt);
        // What follows is kept for the auditor, and still looked at for intents and outcomes.
        if (!head) continue;
      }
      record(line, *head, open_from);
    }
    return {};
  }

  /// Members that were in a ring; false when the log has them.
  bool leftover(const std::string& members) {
    if (members_.contains(std::hash<std::string_view>{}(members))) return false;
    if (const std::optional<RecordStart> start = parse_start(members)) follow(*start, "{" + members + "}");
    return true;
  }

  bool has_arguments(const std::string& id) const { return argument_ids_.contains(id); }

  void finish() {
    found_.epoch = epoch_;
    found_.size = next_.value_or(0);
    found_.last = last_;
    found_.tree_known = tree_known_ && found_.problem.empty();
    if (found_.tree_known) found_.root = tree_.root(hash_);
    found_.clean = stopped_;
    for (auto& [id, intent] : open_) found_.open.push_back(std::move(intent));
  }

 private:
  void problem(const SegmentFile& segment, std::optional<std::uint64_t> seq) {
    if (!found_.problem.empty()) return;
    found_.problem =
        "the chain of " + segment.path + " breaks" +
        (seq ? " at record " + std::to_string(*seq) : std::string(" at a line that is no record")) +
        "; it was left as it is: run `doorward audit verify`";
  }

  void record(std::string_view line, const RecordHead& head, RecordPlace open_from) {
    const std::optional<RecordStart> start = parse_start(head.members);
    if (!tree_known_ && start && start->event == "segment.start") {
      if (const auto read = reader_.read(line); read) {
        if (std::optional<CompactTree> stated = stated_tree(*read); stated && stated->size() == head.seq) {
          tree_ = std::move(*stated);
          tree_known_ = true;
        }
      }
    }
    last_ = leaf_hash(hash_, line);
    prev_ = to_hex(last_);
    next_ = head.seq + 1;
    if (tree_known_) tree_.add(hash_, last_);
    members_.insert(std::hash<std::string_view>{}(head.members));
    if (start && start->event == "call.arguments") argument_ids_.emplace(start->id);
    stopped_ = start && start->event == "writer.stop";
    if (start && RecordPlace{head.epoch, head.seq} >= open_from) follow(*start, line);
  }

  void follow(const RecordStart& start, std::string_view object) {
    if (start.id.empty()) return;
    if (start.event == "call.intent") {
      open_[std::string(start.id)] = intent_of(object, start.id);
    } else if (start.event == "call.outcome" || start.event == "call.outcome_unknown") {
      open_.erase(std::string(start.id));
    }
  }

  Recovered::Intent intent_of(std::string_view line, std::string_view id) {
    Recovered::Intent intent;
    intent.id = id;
    const auto read = reader_.read(line);
    if (!read) return intent;
    const auto text = [](json::Value value) {
      return value.is(json::Type::string) ? std::string(value.string()) : std::string();
    };
    intent.grant = text(read->find("grant").find("id"));
    intent.server = text(read->find("server"));
    intent.method = text(read->find("method"));
    intent.tool = text(read->find("tool"));
    return intent;
  }

  Recovered& found_;
  Sha256 hash_;
  json::Reader reader_;
  std::uint64_t epoch_ = 0;
  CompactTree tree_;
  bool tree_known_ = false;
  std::optional<std::uint64_t> next_;
  std::string prev_;
  Digest last_{};
  bool stopped_ = false;
  std::map<std::string, Recovered::Intent> open_;
  std::unordered_set<std::size_t> members_;
  std::unordered_set<std::string> argument_ids_;  ///< of call.arguments
};

}  // namespace

Result<Recovered> recover_writer(FileOps& files, const std::string& directory) {
  Recovered found;
  Result<std::vector<SegmentFile>> segments = list_segments(directory);
  if (!segments) return std::unexpected(segments.error());
  if (!segments->empty()) found.next_epoch = segments->back().epoch + 1;
  for (const std::uint64_t epoch : list_checkpoint_epochs(directory)) {
    found.next_epoch = std::max(found.next_epoch, epoch + 1);
  }
  if (Status mended = mend_files(files, directory, *segments, found); !mended)
    return std::unexpected(mended.error());

  std::vector<Ring::Leftover> leftovers;
  std::uint64_t ring_bytes = 0;
  for (std::size_t i = 0;; ++i) {
    struct stat info {};
    const std::string path = ring_path(directory, i);
    if (::stat(path.c_str(), &info) != 0) break;
    Result<Ring::Leftover> leftover = Ring::recover(path);
    if (!leftover) return std::unexpected(leftover.error());
    found.ring_files.push_back(path);
    found.lost.records += leftover->lost.records;
    found.lost.intents += leftover->lost.intents;
    found.ring_damaged = found.ring_damaged || leftover->damaged;
    if (!leftover->entries.empty()) ring_bytes += static_cast<std::uint64_t>(info.st_size);
    leftovers.push_back(std::move(*leftover));
  }

  // How far back to read: to the oldest open intent, to a place where the tree is known, and over everything
  // that may stand in the rings as well (a record's line is longer than its entry; twice allows for other
  // rings' lines).
  const RecordPlace open_from = OpenIntents::recover(open_intents_path(directory));
  std::size_t begin = segments->size();
  std::uint64_t covered = 0;
  while (begin > 0) {
    const bool enough = begin < segments->size() && covered >= 2 * ring_bytes &&
                        RecordPlace{(*segments)[begin].epoch, (*segments)[begin].first} <= open_from &&
                        begins_with_tree((*segments)[begin]);
    if (enough) break;
    --begin;
    covered += (*segments)[begin].bytes;
  }
  Scan scan(found);
  for (std::size_t i = begin; i < segments->size(); ++i) {
    if (Status read = scan.segment((*segments)[i], open_from); !read) return std::unexpected(read.error());
  }
  for (Ring::Leftover& leftover : leftovers) {
    for (Ring::Leftover::Item& item : leftover.entries) {
      if (item.kind == EntryKind::value) {
        found.values.push_back(std::move(item.bytes));
      } else if (item.kind == EntryKind::arguments) {
        if (!scan.has_arguments(item.bytes.substr(0, item.bytes.find('\n'))))
          found.arguments.push_back(std::move(item.bytes));
      } else if (scan.leftover(item.bytes)) {
        found.records.push_back(std::move(item.bytes));
      }
    }
  }
  scan.finish();
  return found;
}

}  // namespace doorward::audit
