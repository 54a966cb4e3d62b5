#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/reader.h"
#include "audit/segment.h"
#include "base/hash.h"
#include "base/result.h"
#include "json/reader.h"

/// The index of one segment. Internal to the audit room, but for IndexRow and what reads it.
namespace doorward::audit {

enum class RowVerdict : std::uint8_t { none, allow, deny, hide, approve };
enum class RowResult : std::uint8_t { none, ok, error, tool_error, upstream_error, cancelled, timeout };

/// As the record spells it; empty for none.
std::string_view to_string(RowResult result);

/// What is kept of one record, to find and to count it by. Texts are numbers into the block's texts; 0 is the
/// empty one.
struct IndexRow {
  std::int64_t time_us;
  std::uint64_t id;           ///< hash of the record's `id`; 0: it has none
  std::uint32_t offset;       ///< of its line in the segment
  std::uint32_t duration_us;  ///< of an outcome; at most 71 minutes
  std::uint32_t agent;        ///< `grant.id`, a unit separator, `grant.label`
  std::uint32_t server;
  std::uint32_t tool;
  std::uint32_t rule;
  std::uint32_t policy;  ///< name, a unit separator, SHA-256 of the document
  std::uint32_t digest;  ///< the first digits of `args.digest`; 0: none
  std::uint16_t event;
  std::uint16_t code;
  RowVerdict verdict;
  RowResult result;
  bool call;  ///< of a tool, a resource or a prompt
  DecisionWord word;
};
static_assert(sizeof(IndexRow) == 56);

/// The number by which rows know a record's id.
std::uint64_t index_id(std::string_view id);

/// The rows of a segment in its order: row i is record `first + i`. Either built from the segment's bytes, piece by
/// piece, or mapped from the file that an earlier process left. Not thread-safe for writing.
class IndexBlock {
 public:
  IndexBlock(std::string writer, SegmentFile segment);
  ~IndexBlock();
  IndexBlock(const IndexBlock&) = delete;
  IndexBlock& operator=(const IndexBlock&) = delete;

  /// Takes in the whole lines of `bytes`, which begin at indexed() of the segment; at most about `budget` bytes.
  void append(std::string_view bytes, std::size_t budget);
  /// Bytes of the segment that are taken in.
  std::uint64_t indexed() const { return indexed_; }

  const std::string& writer() const { return writer_; }
  const SegmentFile& segment() const { return segment_; }
  std::span<const IndexRow> rows() const { return rows_; }
  std::size_t texts() const { return text_count_; }
  std::string_view text(std::uint32_t number) const;
  std::int64_t first_us() const { return first_us_; }  ///< the least time of a row
  std::int64_t last_us() const { return last_us_; }    ///< the greatest

  /// The chain as far as this block tells: what its first record names as the one before, the hash of its last, and
  /// the first row whose link is wrong.
  const Digest& first_prev() const { return first_prev_; }
  const Digest& last_hash() const { return last_hash_; }
  std::optional<std::uint64_t> broken_row() const { return broken_; }

  /// Keeps the rows in a file, to be mapped by load(); for a segment that grows no more.
  Status save(const std::string& path) const;
  /// Whether the rows lie in such a file, and not in memory of our own.
  bool is_mapped() const { return !file_.bytes().empty(); }
  /// Nothing where the file is absent, damaged, or tells of another segment than this one.
  static std::unique_ptr<IndexBlock> load(const std::string& path, const std::string& writer,
                                          const SegmentFile& segment);

 private:
  void take_line(std::string_view line);
  void take_members(std::string_view line, IndexRow& row);
  std::uint32_t intern(std::string_view text);
  std::uint16_t intern_short(std::string_view text);

  std::string writer_;
  SegmentFile segment_;
  std::uint64_t indexed_ = 0;
  std::span<const IndexRow> rows_;
  std::size_t text_count_ = 1;
  std::int64_t first_us_ = INT64_MAX;
  std::int64_t last_us_ = INT64_MIN;
  Digest first_prev_{};
  Digest last_hash_{};
  std::optional<std::uint64_t> broken_;

  // While it is built.
  std::vector<IndexRow> own_rows_;
  std::map<std::string, std::uint32_t, std::less<>> numbers_;
  std::vector<std::string_view> own_texts_;
  std::unique_ptr<json::Reader> reader_;
  Sha256 hash_;

  // Once it is mapped.
  MappedFile file_;
  std::span<const std::uint32_t> text_ends_;
  std::string_view text_bytes_;
};

/// A query made ready for one block: which numbers of its texts fit.
class BlockFilter {
 public:
  BlockFilter(const Query& query, const IndexBlock& block);

  /// No row of the block can fit.
  bool none() const { return none_; }
  bool fits(const IndexRow& row) const;

 private:
  using Set = std::vector<std::uint8_t>;
  template <typename Fits>
  void select(Set& set, bool wanted, const Fits& text_fits);

  const IndexBlock& block_;
  const Query& query_;
  Set agent_, server_, tool_, rule_, policy_, event_, code_, text_;
  std::uint64_t id_ = 0;
  std::uint64_t text_id_ = 0;
  std::uint32_t digest_ = 0;
  bool by_text_ = false;
  std::int64_t since_us_;
  std::int64_t until_us_;
  RowVerdict verdict_ = RowVerdict::none;
  DecisionWord word_ = DecisionWord::none;
  bool refused_ = false;
  bool none_ = false;
};

}  // namespace doorward::audit
