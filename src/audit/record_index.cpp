#include "audit/record_index.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "io/file.h"

namespace doorward::audit {
namespace {

/// Taken in at once while others wait.
constexpr std::size_t kPiece = 1u << 20;
constexpr auto kPatience = std::chrono::milliseconds(100);
/// Rows that are looked through for the outcome of an intent.
constexpr std::size_t kOutcomeWithin = 20'000;

std::string file_name(const SegmentFile& segment) {
  return segment.path.substr(segment.path.rfind('/') + 1) + ".rows";
}

/// The line that begins at an offset; empty where there is none.
std::string_view line_at(std::string_view bytes, std::uint64_t offset) {
  if (offset >= bytes.size() || (offset > 0 && bytes[offset - 1] != '\n')) return {};
  const std::size_t end = bytes.find('\n', offset);
  return end == std::string_view::npos ? std::string_view() : bytes.substr(offset, end - offset);
}

}  // namespace

/// The rows of one writer that fit a query, newest first.
class RecordIndex::Walk {
 public:
  Walk(const std::string& name, const Blocks& blocks, const Query& query, const std::optional<IndexPlace>& from)
      : name_(name), blocks_(blocks), query_(query), from_(from), block_(blocks.size()) {
    next();
  }

  bool at_end() const { return row_ == nullptr; }
  const IndexRow& row() const { return *row_; }
  std::size_t block() const { return block_; }
  std::size_t index() const { return index_; }
  IndexPlace place() const {
    const SegmentFile& segment = blocks_[block_]->segment();
    return {row_->time_us, segment.epoch, segment.first + index_, name_};
  }
  const std::string& name() const { return name_; }

  void next() {
    while (true) {
      while (index_ > 0) {
        const IndexRow& row = rows_[--index_];
        if (behind(row) && filter_->fits(row)) {
          row_ = &row;
          return;
        }
      }
      if (block_ == 0) break;
      --block_;
      filter_.emplace(query_, *blocks_[block_]);
      rows_ = filter_->none() ? std::span<const IndexRow>() : rows_of(blocks_, block_);
      index_ = rows_.size();
    }
    row_ = nullptr;
  }

 private:
  /// Whether a row comes behind the place from which the list goes on.
  bool behind(const IndexRow& row) const {
    if (!from_) return true;
    if (from_->writer != name_) {
      return row.time_us < from_->time_us || (row.time_us == from_->time_us && name_ > from_->writer);
    }
    const SegmentFile& segment = blocks_[block_]->segment();
    return std::pair(segment.epoch, segment.first + index_) < std::pair(from_->epoch, from_->seq);
  }

  const std::string& name_;
  const Blocks& blocks_;
  const Query& query_;
  const std::optional<IndexPlace>& from_;
  std::size_t block_;
  std::optional<BlockFilter> filter_;
  std::span<const IndexRow> rows_;
  std::size_t index_ = 0;
  const IndexRow* row_ = nullptr;
};

RecordIndex::RecordIndex(std::string log, std::string directory, std::function<void()> write_out)
    : log_(std::move(log)), directory_(std::move(directory)), write_out_(std::move(write_out)) {}

RecordIndex::~RecordIndex() = default;

/// Where a segment repeats the end of the one before (after a failed sync), the later one counts.
std::span<const IndexRow> RecordIndex::rows_of(const Blocks& blocks, std::size_t index) {
  const std::span<const IndexRow> rows = blocks[index]->rows();
  if (index + 1 == blocks.size()) return rows;
  const SegmentFile& own = blocks[index]->segment();
  const SegmentFile& next = blocks[index + 1]->segment();
  if (next.epoch != own.epoch) return rows;
  return rows.first(std::min<std::size_t>(rows.size(), next.first - own.first));
}

std::string RecordIndex::path_of(const std::string& writer, const SegmentFile& segment) const {
  return directory_ + "/" + writer + "/" + file_name(segment);
}

Status RecordIndex::refresh() {
  if (write_out_) write_out_();
  {
    std::unique_lock lock(turn_);
    const auto ended = [this] { return !reading_; };
    if (whole_) {
      turn_ended_.wait(lock, ended);
    } else if (!turn_ended_.wait_for(lock, kPatience, ended)) {
      return {};
    }
    reading_ = true;
  }
  Status read = read_log();
  {
    const std::lock_guard lock(turn_);
    reading_ = false;
  }
  turn_ended_.notify_one();
  return read;
}

Status RecordIndex::read_log() {
  Result<std::vector<std::string>> names = list_writers(log_);
  if (!names) return std::unexpected(names.error());
  // The newest segment of every writer first, then the older ones, so that the first pages are there at once.
  std::vector<std::pair<std::string, std::vector<SegmentFile>>> writers;
  std::size_t most = 0;
  for (const std::string& name : *names) {
    Result<std::vector<SegmentFile>> segments = list_segments(log_ + "/" + name);
    if (!segments) continue;  // the writer's directory went in this moment
    forget(name, *segments);
    most = std::max(most, segments->size());
    writers.emplace_back(name, std::move(*segments));
  }
  for (std::size_t age = 0; age < most; ++age) {
    for (const auto& [name, segments] : writers) {
      if (age >= segments.size()) continue;
      if (Status taken = take_in(name, segments[segments.size() - 1 - age], age > 0); !taken) return taken;
    }
  }
  if (!whole_) {
    for (const auto& [name, segments] : writers) clear_out(name, segments);
  }
  look_at_chain();
  whole_ = true;
  return {};
}

/// Files of segments that went while nobody looked.
void RecordIndex::clear_out(const std::string& writer, const std::vector<SegmentFile>& segments) const {
  if (directory_.empty()) return;
  const std::string folder = directory_ + "/" + writer;
  std::set<std::string> known;
  for (const SegmentFile& segment : segments) known.insert(file_name(segment));
  std::error_code error;
  std::vector<std::filesystem::path> gone;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (!known.contains(entry.path().filename().string())) gone.push_back(entry.path());
  }
  for (const std::filesystem::path& path : gone) std::filesystem::remove(path, error);
}

/// Retention removed segments, or a recovery cut one.
void RecordIndex::forget(const std::string& writer, const std::vector<SegmentFile>& segments) {
  std::vector<std::string> files;
  {
    const std::unique_lock lock(mutex_);
    std::erase_if(writers_[writer], [&](const std::shared_ptr<IndexBlock>& block) {
      const auto found = std::ranges::find(segments, block->segment().path, &SegmentFile::path);
      if (found != segments.end() && found->bytes >= block->indexed()) return false;
      files.push_back(path_of(writer, block->segment()));
      return true;
    });
  }
  if (directory_.empty()) return;
  for (const std::string& file : files) ::unlink(file.c_str());
}

std::shared_ptr<IndexBlock> RecordIndex::held(const std::string& writer, const SegmentFile& segment) const {
  const std::shared_lock lock(mutex_);
  const Blocks& blocks = writers_.find(writer)->second;
  const auto found = std::ranges::find_if(blocks, [&](const auto& block) { return block->segment().path == segment.path; });
  return found == blocks.end() ? nullptr : *found;
}

/// Puts a block into its place, instead of the one that is there.
void RecordIndex::put(const std::string& writer, std::shared_ptr<IndexBlock> block) {
  const std::unique_lock lock(mutex_);
  Blocks& blocks = writers_[writer];
  const auto place = [](const std::shared_ptr<IndexBlock>& one) { return std::pair(one->segment().epoch, one->segment().first); };
  const auto at = std::ranges::lower_bound(blocks, place(block), {}, place);
  if (at != blocks.end() && place(*at) == place(block)) {
    *at = std::move(block);
  } else {
    blocks.insert(at, std::move(block));
  }
}

Status RecordIndex::take_in(const std::string& writer, const SegmentFile& segment, bool complete) {
  std::shared_ptr<IndexBlock> block = held(writer, segment);
  if (block != nullptr && block->is_mapped() && block->indexed() != segment.bytes) block.reset();  // it was put back from a copy
  if (block == nullptr) {
    if (complete && !directory_.empty()) block = IndexBlock::load(path_of(writer, segment), writer, segment);
    if (block == nullptr) {
      auto file = MappedFile::open(segment.path);
      if (!file) return {};  // removed by retention in this moment
      block = std::make_shared<IndexBlock>(writer, segment);
      block->append(file->bytes(), file->bytes().size() + 1);
    }
    put(writer, block);
  } else if (block->indexed() != segment.bytes) {
    if (Status grown = grow(*block); !grown) return grown;
  }
  if (complete && !block->is_mapped()) keep(writer, segment, *block);
  return {};
}

Status RecordIndex::grow(IndexBlock& block) {
  auto file = MappedFile::open(block.segment().path);
  if (!file) return {};
  while (true) {
    const std::unique_lock lock(mutex_);
    const std::uint64_t before = block.indexed();
    block.append(file->bytes().substr(before), kPiece);
    if (block.indexed() == before) return {};
  }
}

/// What is in the file takes no memory of ours.
void RecordIndex::keep(const std::string& writer, const SegmentFile& segment, const IndexBlock& block) {
  if (directory_.empty() || !keeping_) return;
  Status kept = io::make_directory(directory_ + "/" + writer);
  if (kept) kept = block.save(path_of(writer, segment));
  if (!kept) {
    keeping_ = false;
    log_line(LogLevel::warning, "the index of the log stays in memory; the next start will read the log for it",
             {{"why", kept.error().message}});
    return;
  }
  if (auto mapped = IndexBlock::load(path_of(writer, segment), writer, segment)) put(writer, std::move(mapped));
}

void RecordIndex::look_at_chain() {
  const std::unique_lock lock(mutex_);
  chain_ = {};
  chain_.whole = true;
  chain_.read_us = system_clock().wall_us();
  for (const auto& [name, blocks] : writers_) {
    const IndexBlock* before = nullptr;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      const IndexBlock& block = *blocks[i];
      const std::span<const IndexRow> rows = rows_of(blocks, i);
      std::optional<std::uint64_t> broken = block.broken_row();
      const bool follows = before != nullptr && before->segment().epoch == block.segment().epoch &&
                           before->segment().first + before->rows().size() == block.segment().first;
      if (follows && !block.rows().empty() && block.first_prev() != before->last_hash()) broken = 0;
      if (broken && *broken < rows.size() && !chain_.first_break) {
        chain_.first_break = {name, block.segment().epoch, block.segment().first + *broken};
      }
      chain_.records += rows.size();
      before = &block;
      if (rows.empty() || rows.back().time_us < chain_.newest.time_us) continue;
      chain_.newest = {rows.back().time_us, block.segment().epoch, block.segment().first + rows.size() - 1, name};
    }
  }
}

ChainState RecordIndex::chain() const {
  const std::shared_lock lock(mutex_);
  return chain_;
}

std::uint64_t RecordIndex::size() const {
  const std::shared_lock lock(mutex_);
  std::uint64_t size = 0;
  for (const auto& [name, blocks] : writers_) {
    for (std::size_t i = 0; i < blocks.size(); ++i) size += rows_of(blocks, i).size();
  }
  return size;
}

/// What became of an intent: its outcome stands close behind it.
void RecordIndex::read_outcome(const Blocks& blocks, std::size_t block, std::size_t row, IndexedRecord& into) const {
  const std::uint64_t id = rows_of(blocks, block)[row].id;
  std::size_t left = kOutcomeWithin;
  for (std::size_t begin = row + 1; block < blocks.size(); ++block, begin = 0) {
    const std::span<const IndexRow> rows = rows_of(blocks, block);
    for (std::size_t i = begin; i < rows.size(); ++i) {
      if (left-- == 0) return;
      if (rows[i].id != id || rows[i].result == RowResult::none) continue;
      into.result = rows[i].result;
      into.duration_us = rows[i].duration_us;
      return;
    }
  }
}

Result<IndexPage> RecordIndex::page(const Query& query, const std::optional<IndexPlace>& from, std::size_t limit,
                                    bool count) const {
  IndexPage page;
  const std::shared_lock lock(mutex_);
  page.exact = whole_;
  std::vector<std::unique_ptr<Walk>> walks;
  for (const auto& [name, blocks] : writers_) {
    auto walk = std::make_unique<Walk>(name, blocks, query, from);
    if (!walk->at_end()) walks.push_back(std::move(walk));
  }
  json::Reader reader;
  std::map<const IndexBlock*, MappedFile> files;
  while (!walks.empty()) {
    const auto best = std::max_element(walks.begin(), walks.end(), [](const auto& a, const auto& b) {
      return a->row().time_us < b->row().time_us;
    });
    Walk& walk = **best;
    if (page.records.size() == limit) {
      page.more = true;
      break;
    }
    const Blocks& blocks = writers_.find(walk.name())->second;
    const IndexBlock& block = *blocks[walk.block()];
    auto [file, fresh] = files.try_emplace(&block);
    if (fresh) {
      if (auto opened = MappedFile::open(block.segment().path)) file->second = std::move(*opened);
    }
    const std::string_view line = line_at(file->second.bytes(), walk.row().offset);
    const auto root = reader.read(line);
    if (root) {
      const IndexPlace place = walk.place();
      const RecordView view{line, *root, place.writer, place.epoch, place.seq, walk.row().time_us};
      if (query.matches(view)) {
        IndexedRecord& record = page.records.emplace_back(std::string(line), place, walk.row().word);
        if (view.text("event") == "call.intent") read_outcome(blocks, walk.block(), walk.index(), record);
      }
    }
    walk.next();
    if (walk.at_end()) walks.erase(best);
  }
  if (!count) return page;
  if (!page.more && !from) {  // they are all here
    page.found = page.records.size();
    return page;
  }
  for (const auto& [name, blocks] : writers_) {
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      const BlockFilter filter(query, *blocks[i]);
      if (filter.none()) continue;
      for (const IndexRow& row : rows_of(blocks, i)) page.found += filter.fits(row) ? 1 : 0;
    }
  }
  return page;
}

std::vector<std::string> RecordIndex::find(std::string_view id) const {
  Query query;
  query.id = id;
  std::vector<std::string> lines;
  json::Reader reader;
  scan(query, [&](const IndexBlock& block, const IndexRow& row) {
    const auto file = MappedFile::open(block.segment().path);
    if (!file) return;
    const std::string_view line = line_at(file->bytes(), row.offset);
    const auto root = reader.read(line);
    if (root && text_of(*root, "id") == id) lines.emplace_back(line);
  });
  return lines;
}

}  // namespace doorward::audit
