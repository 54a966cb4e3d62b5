#include <bit>
#include <charconv>
#include <map>

#include "audit/proof.h"
#include "audit/reader.h"
#include "audit/segment.h"

namespace doorward::audit {
namespace {

/// Collects the roots of ranges of leaves while the leaves go by, once. Ranges do not overlap.
class Slices {
 public:
  explicit Slices(std::span<const LeafRange> ranges) {
    for (const LeafRange& range : ranges) slices_[range.begin] = {range, {}};
  }

  /// What the log states of the leaves before its first one.
  void begin_after(const CompactTree& before) {
    std::uint64_t at = 0;
    std::uint64_t left = before.size();
    for (const Digest& node : before.nodes()) {
      const std::uint64_t width = std::bit_floor(left);
      if (Slice* slice = covering(at); slice != nullptr && at + width <= slice->range.end) {
        slice->known.push_back(node);
        slice->size += width;
      }
      at += width;
      left -= width;
    }
    for (auto& [begin, slice] : slices_) slice.tree = CompactTree(slice.size, slice.known);
  }

  void leaf(std::uint64_t index, const Digest& digest) {
    Slice* slice = covering(index);
    if (slice != nullptr && slice->range.begin + slice->tree.size() == index) slice->tree.add(hash_, digest);
  }

  /// Nothing where not all leaves went by.
  std::optional<std::vector<Digest>> roots(std::span<const LeafRange> ranges) {
    std::vector<Digest> roots;
    for (const LeafRange& range : ranges) {
      const Slice& slice = slices_[range.begin];
      if (slice.tree.size() != range.end - range.begin) return std::nullopt;
      roots.push_back(slice.tree.root(hash_));
    }
    return roots;
  }

 private:
  struct Slice {
    LeafRange range;
    CompactTree tree;
    std::vector<Digest> known = {};
    std::uint64_t size = 0;
  };
  Slice* covering(std::uint64_t index) {
    auto next = slices_.upper_bound(index);
    if (next == slices_.begin()) return nullptr;
    --next;
    return index < next->second.range.end ? &next->second : nullptr;
  }

  std::map<std::uint64_t, Slice> slices_;
  Sha256 hash_;
};

/// Reads the leaves of an epoch up to `size`, and the root they make.
Result<std::vector<Digest>> collect(const std::string& writer_directory, const Checkpoint& head,
                                    std::span<const LeafRange> ranges) {
  const Result<std::vector<SegmentFile>> segments = list_segments(writer_directory);
  if (!segments) return std::unexpected(segments.error());
  Slices slices(ranges);
  Sha256 hash;
  CompactTree tree;
  bool any = false;
  json::Reader reader;
  for (const SegmentFile& segment : *segments) {
    if (segment.epoch != head.epoch || segment.first >= head.size) continue;
    const Result<MappedFile> file = MappedFile::open(segment.path);
    if (!file) return std::unexpected(file.error());
    std::string_view rest = file->bytes();
    std::string_view line;
    std::uint64_t index = segment.first;
    if (!any && index != 0 && next_line(rest, line)) {
      const auto read = reader.read(line);
      const auto before = read ? stated_tree(*read) : std::nullopt;
      if (!before || before->size() != index) break;
      tree = *before;
      slices.begin_after(*before);
      rest = file->bytes();
    }
    any = true;
    for (; index < head.size && next_line(rest, line); ++index) {
      const Digest leaf = leaf_hash(hash, line);
      tree.add(hash, leaf);
      slices.leaf(index, leaf);
    }
  }
  auto roots = slices.roots(ranges);
  if (tree.size() != head.size || tree.root(hash) != head.root || !roots) {
    return fail(ErrorKind::conflict, "the log of " + origin_of(head.writer, head.epoch) +
                                         " is not the one that was signed at size " + std::to_string(head.size) +
                                         ", or records needed were removed; see `doorward audit verify`");
  }
  return std::move(*roots);
}

/// The note of the smallest size that covers a record; empty: none does.
std::string note_covering(const std::string& writer_directory, std::uint64_t epoch, std::uint64_t seq) {
  std::string best;
  std::uint64_t best_size = UINT64_MAX;
  Result<std::vector<std::string>> notes = read_notes(writer_directory, epoch);
  if (!notes) return best;
  for (std::string& note : *notes) {
    const Result<Checkpoint> head = parse_checkpoint(note);
    if (!head || head->size <= seq || head->size >= best_size) continue;
    best_size = head->size;
    best = std::move(note);
  }
  return best;
}

Result<InclusionProof> prove_line(const std::string& log_directory, std::string line) {
  const std::optional<RecordHead> record = parse_head(line);
  if (!record) return fail(ErrorKind::corrupt, "the record is none; see `doorward audit verify`");
  const std::string directory = log_directory + "/" + std::string(record->writer);
  std::string note = note_covering(directory, record->epoch, record->seq);
  if (note.empty()) {
    return fail(ErrorKind::unavailable, "record " + std::to_string(record->seq) + " of " +
                                            origin_of(record->writer, record->epoch) +
                                            " is not under a checkpoint yet; one is signed within 10 seconds");
  }
  const Result<Checkpoint> head = parse_checkpoint(note);
  if (!head) return std::unexpected(head.error());
  const auto ranges = inclusion_ranges(record->seq, head->size);
  auto path = collect(directory, *head, ranges);
  if (!path) return std::unexpected(path.error());
  const std::uint64_t index = record->seq;
  return InclusionProof{std::move(line), index, std::move(*path), std::move(note)};
}

/// The line at `<writer>/<epoch>/<seq>`; nothing where the name has another form.
std::optional<Result<std::string>> line_at(const std::string& log_directory, std::string_view name) {
  const std::size_t last = name.rfind('/');
  const std::size_t middle = last == std::string_view::npos || last == 0 ? last : name.rfind('/', last - 1);
  if (middle == std::string_view::npos || middle == 0) return std::nullopt;
  std::uint64_t epoch = 0;
  std::uint64_t seq = 0;
  const auto number = [](std::string_view text, std::uint64_t& into) {
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), into);
    return !text.empty() && code == std::errc() && end == text.data() + text.size();
  };
  const std::string_view writer = name.substr(0, middle);
  if (!number(name.substr(middle + 1, last - middle - 1), epoch) || !number(name.substr(last + 1), seq) ||
      writer.find('/') != std::string_view::npos || writer.starts_with('.')) {
    return std::nullopt;
  }
  const Result<std::vector<SegmentFile>> segments = list_segments(log_directory + "/" + std::string(writer));
  if (!segments) return std::unexpected(segments.error());
  const SegmentFile* found = nullptr;
  for (const SegmentFile& segment : *segments) {
    if (segment.epoch == epoch && segment.first <= seq) found = &segment;
  }
  if (found != nullptr) {
    const Result<MappedFile> file = MappedFile::open(found->path);
    if (!file) return std::unexpected(file.error());
    std::string_view rest = file->bytes();
    std::string_view line;
    for (std::uint64_t at = found->first; next_line(rest, line); ++at) {
      if (at == seq) return std::string(line);
    }
  }
  return fail(ErrorKind::not_found, "the log has no record " + std::string(name));
}

}  // namespace

Result<std::vector<InclusionProof>> prove_records(const std::string& log_directory, std::string_view name) {
  std::vector<std::string> lines;
  if (auto line = line_at(log_directory, name)) {
    if (!*line) return std::unexpected(line->error());
    lines.push_back(std::move(**line));
  } else {
    auto found = LogReader(log_directory).find(name);
    if (!found) return std::unexpected(found.error());
    lines = std::move(*found);
  }
  if (lines.empty()) {
    return fail(ErrorKind::not_found,
                "no record has the id " + std::string(name) + "; give an id, or writer/epoch/number of a record");
  }
  std::vector<InclusionProof> proofs;
  for (std::string& line : lines) {
    auto proof = prove_line(log_directory, std::move(line));
    if (!proof) return std::unexpected(proof.error());
    proofs.push_back(std::move(*proof));
  }
  return proofs;
}

Result<ConsistencyProof> prove_consistency(const std::string& log_directory, std::string_view old_note,
                                           std::string_view new_note) {
  const Result<Checkpoint> old_head = parse_checkpoint(old_note);
  if (!old_head) return std::unexpected(old_head.error());
  const Result<Checkpoint> new_head = parse_checkpoint(new_note);
  if (!new_head) return std::unexpected(new_head.error());
  if (old_head->writer != new_head->writer || old_head->epoch != new_head->epoch ||
      old_head->size > new_head->size) {
    return fail(ErrorKind::invalid, "give two checkpoints of one epoch, the older first; " +
                                        origin_of(old_head->writer, old_head->epoch) + " at size " +
                                        std::to_string(old_head->size) + " is not before " +
                                        origin_of(new_head->writer, new_head->epoch) + " at size " +
                                        std::to_string(new_head->size));
  }
  const auto ranges = consistency_ranges(old_head->size, new_head->size);
  auto path = collect(log_directory + "/" + new_head->writer, *new_head, ranges);
  if (!path) return std::unexpected(path.error());
  if (!consistency_holds(old_head->size, old_head->root, new_head->size, new_head->root, *path)) {
    return fail(ErrorKind::conflict, "the log does not begin with the " + std::to_string(old_head->size) +
                                         " records that the older checkpoint signed: it was rewritten");
  }
  return ConsistencyProof{std::string(old_note), std::string(new_note), std::move(*path)};
}

Result<std::string> newest_checkpoint(const std::string& log_directory, std::string_view note) {
  const Result<Checkpoint> head = parse_checkpoint(note);
  if (!head) return std::unexpected(head.error());
  std::vector<std::string> notes = read_notes(log_directory + "/" + head->writer, head->epoch).value_or(std::vector<std::string>());
  if (notes.empty())
    return fail(ErrorKind::not_found, "the log has no checkpoint of " + origin_of(head->writer, head->epoch));
  return std::move(notes.back());
}

}  // namespace doorward::audit
