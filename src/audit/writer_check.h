#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/checkpoint.h"
#include "audit/merkle.h"
#include "audit/segment.h"
#include "audit/verify.h"
#include "json/reader.h"

namespace doorward::audit {

/// A line of a file, as findings name it.
struct LinePlace {
  std::string file;
  std::uint64_t line = 0;
};

/// A checkpoint that the log has to agree with.
struct Claim {
  Checkpoint checkpoint;
  LinePlace place;
  bool verified = false;  ///< its signature was
  bool external = false;
  bool settled = false;  ///< compared, or excused
};

/// Checks the records of one writer, given in order. Every function returns false at the first thing that is
/// wrong, which stands in finding() then; nothing may be called after that.
class WriterCheck {
 public:
  WriterCheck(std::string writer, const VerifyOptions& options, VerifyReport& report);

  /// Before the records.
  void add_claim(Claim claim) { claims_.push_back(std::move(claim)); }
  /// The first record given must state its tree, under a verified checkpoint; what came before is not asked
  /// for.
  void start_trusted() { window_ = true; }

  /// A new file begins; of a segment, epoch and first sequence number as its name says.
  void begin_file(const std::string& file, std::optional<std::uint64_t> epoch,
                  std::optional<std::uint64_t> first);
  /// `rest`: the bytes of the file that follow the line, to tell which of two records was changed.
  bool record(std::string_view line, std::uint64_t number, std::string_view rest);
  /// A last line without newline.
  bool torn(std::uint64_t number, bool active);
  /// After the last record.
  bool finish();

  const VerifyFinding& finding() const { return finding_; }

 private:
  struct Removed {
    std::uint64_t epoch = 0;
    std::uint64_t first = 0;
    std::uint64_t count = 0;
    std::string last;
  };
  struct Start {  ///< where the records given begin, and what is claimed of what came before
    LinePlace place;
    std::uint64_t epoch = 0;
    std::uint64_t seq = 0;
    std::string prev;
    std::uint64_t previous_epoch = 0;
    std::uint64_t previous_size = 0;
    std::string previous_last;
  };

  bool bad(LinePlace place, std::uint64_t epoch, std::uint64_t seq, std::string reason);
  bool bad_here(std::string reason) { return bad(place_, epoch_, seq_, std::move(reason)); }
  bool check_sequence(const RecordHead& head);
  bool wrong_prev(const RecordHead& head, std::string_view line, std::string_view rest);
  bool begin_epoch(const RecordHead& head, json::Value value, bool starts);
  bool adopt_tree(json::Value value);
  bool end_epoch();
  void compare_claims();
  bool settle_mismatch(const RecordHead* next);
  bool note_removed(json::Value value);
  bool check_start();
  std::vector<Claim*> claims_at(std::uint64_t epoch, std::uint64_t size);

  std::string writer_;
  const VerifyOptions& options_;
  VerifyReport& report_;
  VerifyFinding finding_;
  std::vector<Claim> claims_;
  std::multimap<std::pair<std::uint64_t, std::uint64_t>, std::size_t> claim_index_;
  bool indexed_ = false;
  bool window_ = false;

  std::string file_;
  std::optional<std::uint64_t> file_epoch_;
  std::optional<std::uint64_t> file_first_;
  bool file_begins_ = false;

  Sha256 hash_;
  json::Reader reader_;
  bool any_ = false;
  LinePlace place_;
  LinePlace last_place_;
  std::uint64_t epoch_ = 0;
  std::uint64_t seq_ = 0;
  std::uint64_t next_ = 0;
  std::string prev_;  ///< hash of the last record, hex
  CompactTree tree_;
  CompactTree before_;        ///< without the last record
  std::uint64_t signed_ = 0;  ///< records of the epoch under a verified checkpoint
  std::uint64_t epoch_start_ = 0;
  /// A root that differs from a claim's. The next record tells whether the last one alone is to blame.
  std::optional<VerifyFinding> mismatch_;
  std::optional<Start> start_;
  std::vector<Removed> removed_;
};

}  // namespace doorward::audit
