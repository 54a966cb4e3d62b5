#include "audit/writer_check.h"

#include <charconv>

#include "base/encoding.h"

namespace doorward::audit {
namespace {

std::optional<std::uint64_t> number(json::Value value) {
  if (!value.is(json::Type::number)) return std::nullopt;
  const std::string_view text = value.number();
  std::uint64_t result = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), result);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return result;
}

std::string text(json::Value value) {
  return value.is(json::Type::string) ? std::string(value.string()) : std::string();
}

std::string records_text(std::uint64_t first, std::uint64_t last) {
  return first == last ? "record " + std::to_string(first)
                       : "records " + std::to_string(first) + " to " + std::to_string(last);
}

}  // namespace

WriterCheck::WriterCheck(std::string writer, const VerifyOptions& options, VerifyReport& report)
    : writer_(std::move(writer)), options_(options), report_(report) {}

bool WriterCheck::bad(LinePlace place, std::uint64_t epoch, std::uint64_t seq, std::string reason) {
  finding_ = {std::move(place.file), place.line, writer_, epoch, seq, std::move(reason)};
  return false;
}

std::vector<Claim*> WriterCheck::claims_at(std::uint64_t epoch, std::uint64_t size) {
  if (!indexed_) {
    for (std::size_t i = 0; i < claims_.size(); ++i) {
      claim_index_.emplace(std::pair(claims_[i].checkpoint.epoch, claims_[i].checkpoint.size), i);
    }
    indexed_ = true;
  }
  std::vector<Claim*> found;
  const auto [begin, end] = claim_index_.equal_range({epoch, size});
  for (auto it = begin; it != end; ++it) found.push_back(&claims_[it->second]);
  return found;
}

void WriterCheck::begin_file(const std::string& file, std::optional<std::uint64_t> epoch,
                             std::optional<std::uint64_t> first) {
  file_ = file;
  file_epoch_ = epoch;
  file_first_ = first;
  file_begins_ = true;
}

bool WriterCheck::record(std::string_view line, std::uint64_t line_number, std::string_view rest) {
  last_place_ = std::move(place_);
  place_ = {file_, line_number};
  const std::optional<RecordHead> head = parse_head(line);
  if (!settle_mismatch(head ? &*head : nullptr)) return false;
  if (!head || head->writer != writer_) {
    seq_ = next_;
    return bad_here(head ? "the record is of writer " + std::string(head->writer) + ", the log is of " +
                               writer_
                         : std::string("the line is no record: it does not begin as every record does"));
  }
  if (file_begins_) {
    file_begins_ = false;
    if ((file_epoch_ && *file_epoch_ != head->epoch) || (file_first_ && *file_first_ != head->seq)) {
      epoch_ = file_epoch_.value_or(head->epoch);
      seq_ = file_first_.value_or(head->seq);
      return bad_here("the file's name says that it begins with record " +
                      std::to_string(file_first_.value_or(0)) + " of epoch " +
                      std::to_string(file_epoch_.value_or(0)));
    }
  }
  const bool starts = !any_;
  const bool new_epoch = starts || head->epoch != epoch_;
  if (!new_epoch) {
    if (!check_sequence(*head)) return false;
    if (head->prev != prev_) return wrong_prev(*head, line, rest);
  }
  const std::optional<RecordStart> start = parse_start(head->members);
  const bool special = start && (start->event == "segment.start" || start->event == "segments.removed");
  json::Value value;
  if (options_.check_json || new_epoch || special) {
    const auto read = reader_.read(line);
    if (!read) {
      epoch_ = head->epoch;
      seq_ = head->seq;
      return bad_here("the record is not valid JSON: " + read.error().message);
    }
    value = *read;
  }
  if (new_epoch && !begin_epoch(*head, value, starts)) return false;
  seq_ = head->seq;
  if (special && start->event == "segment.start" && !new_epoch) {
    const std::optional<CompactTree> stated = stated_tree(value);
    if (!stated || stated->size() != tree_.size() || stated->root(hash_) != tree_.root(hash_)) {
      return bad_here("segment.start states another tree than the records before it make");
    }
  }
  if (special && start->event == "segments.removed" && !note_removed(value)) return false;

  const Digest leaf = leaf_hash(hash_, line);
  before_ = tree_;
  tree_.add(hash_, leaf);
  prev_.clear();
  append_hex(prev_, leaf);
  next_ = seq_ + 1;
  any_ = true;
  ++report_.records;
  report_.bytes += line.size() + 1;
  compare_claims();
  return true;
}

bool WriterCheck::check_sequence(const RecordHead& head) {
  if (head.seq == next_) return true;
  seq_ = next_;
  if (head.seq > next_)
    return bad_here(records_text(next_, head.seq - 1) + " missing before record " + std::to_string(head.seq));
  return bad_here("record " + std::to_string(head.seq) + " stands where record " + std::to_string(next_) +
                  " belongs: it was repeated or moved");
}

/// The record names another hash than that of the one before: one of the two was changed. The next record, or
/// a checkpoint, knows this one's true hash.
bool WriterCheck::wrong_prev(const RecordHead& head, std::string_view line, std::string_view rest) {
  const Digest leaf = leaf_hash(hash_, line);
  bool intact = false;
  std::string_view following;
  std::optional<RecordHead> next;
  if (next_line(rest, following)) next = parse_head(following);
  if (next && next->writer == writer_ && next->epoch == epoch_ && next->seq == head.seq + 1) {
    intact = next->prev == to_hex(leaf);
  } else if (const std::optional<Digest> named = parse_digest(head.prev);
             named && before_.size() + 1 == head.seq) {
    CompactTree tree = before_;
    tree.add(hash_, *named);
    tree.add(hash_, leaf);
    for (const Claim* claim : claims_at(epoch_, head.seq + 1)) {
      intact = intact || tree.root(hash_) == claim->checkpoint.root;
    }
  }
  if (intact) {
    return bad(
        last_place_, epoch_, head.seq - 1,
        "the record was changed: its hash is not the one that record " + std::to_string(head.seq) + " names");
  }
  seq_ = head.seq;
  return bad_here("the record was changed: it names another hash than that of the record before it");
}

bool WriterCheck::begin_epoch(const RecordHead& head, json::Value value, bool starts) {
  if (!starts) {
    if (!end_epoch()) return false;
    if (head.epoch < epoch_)
      return bad_here("epoch " + std::to_string(head.epoch) + " follows epoch " + std::to_string(epoch_));
  }
  const std::uint64_t old_epoch = epoch_;
  const std::uint64_t old_size = next_;
  const std::string old_last = prev_;
  const CompactTree old_tree = tree_;
  epoch_ = head.epoch;
  seq_ = head.seq;
  signed_ = 0;
  epoch_start_ = head.seq;
  ++report_.epochs;
  if (head.seq != 0) {
    if (!starts)
      return bad_here(records_text(0, head.seq - 1) + " of epoch " + std::to_string(epoch_) + " missing");
    start_ = Start{place_, epoch_, head.seq, std::string(head.prev), 0, 0, {}};
    return adopt_tree(value);
  }
  tree_ = CompactTree();
  if (head.prev != kNoPrev) return bad_here("the first record of an epoch names a record before it");
  if (text(value.find("event")) != "writer.start")
    return bad_here("an epoch begins with another record than writer.start");
  const json::Value previous = value.find("previous");
  if (starts) {
    start_ = Start{place_,
                   epoch_,
                   0,
                   {},
                   number(previous.find("epoch")).value_or(0),
                   number(previous.find("size")).value_or(0),
                   text(previous.find("last"))};
    return true;
  }
  if (number(previous.find("epoch")) != old_epoch || number(previous.find("size")) != old_size ||
      text(previous.find("last")) != old_last ||
      (previous.find("root") && text(previous.find("root")) != to_hex(old_tree.root(hash_)))) {
    return bad_here("the epoch was begun after another state of the log than the " +
                    std::to_string(old_size) + " records of epoch " + std::to_string(old_epoch) +
                    " that are here");
  }
  return true;
}

/// The log given begins amid an epoch: it has to state the tree of what came before, and a signed checkpoint
/// of that size has to agree.
bool WriterCheck::adopt_tree(json::Value value) {
  std::optional<CompactTree> stated = stated_tree(value);
  if (!stated || stated->size() != seq_) {
    return bad_here("the log begins with record " + std::to_string(seq_) +
                    ", which does not state what came before it: " + records_text(0, seq_ - 1) + " missing");
  }
  tree_ = std::move(*stated);
  prev_ = start_->prev;
  bool verified = false;
  for (Claim* claim : claims_at(epoch_, seq_)) {
    if (claim->checkpoint.root != tree_.root(hash_)) {
      return bad_here("the record states another tree than the checkpoint of size " + std::to_string(seq_));
    }
    claim->settled = true;
    verified = verified || claim->verified;
  }
  if (verified) signed_ = seq_;
  if (!verified && !options_.keys.empty()) {
    return bad_here("the log begins with record " + std::to_string(seq_) +
                    ", and no signed checkpoint of that size vouches "
                    "for what came before it");
  }
  return true;
}

void WriterCheck::compare_claims() {
  for (Claim* claim : claims_at(epoch_, tree_.size())) {
    if (claim->checkpoint.root != tree_.root(hash_)) {
      const std::uint64_t first = std::max(signed_, epoch_start_);
      mismatch_ = VerifyFinding{place_.file,
                                place_.line,
                                writer_,
                                epoch_,
                                first,
                                records_text(first, seq_) + " are not what was signed: the tree of size " +
                                    std::to_string(tree_.size()) + " has another root than the checkpoint " +
                                    (claim->external ? "given" : "in the log")};
      return;
    }
    claim->settled = true;
    ++report_.checkpoints;
    if (claim->verified) {
      report_.signed_records += tree_.size() - std::max(signed_, epoch_start_);
      signed_ = tree_.size();
    }
  }
}

/// The chain was whole up to the last record, and the tree was not. If the next record names another hash,
/// the last one alone was changed; else some records were rewritten with a chain of their own.
bool WriterCheck::settle_mismatch(const RecordHead* next) {
  if (!mismatch_) return true;
  if (next != nullptr && next->epoch == epoch_ && next->seq == next_ && next->prev != prev_) {
    return bad(last_place_, epoch_, seq_,
               "the record was changed: its hash is not the one that record " + std::to_string(next->seq) +
                   " names, nor what was signed");
  }
  finding_ = *mismatch_;
  return false;
}

bool WriterCheck::note_removed(json::Value value) {
  for (const json::Value entry : value.find("removed").elements()) {
    const auto epoch = number(entry.find("epoch"));
    const auto first = number(entry.find("first"));
    const auto count = number(entry.find("count"));
    if (!epoch || !first || !count) return bad_here("segments.removed does not say what was removed");
    removed_.push_back({*epoch, *first, *count, text(entry.find("last"))});
  }
  return true;
}

bool WriterCheck::end_epoch() {
  report_.heads.push_back({writer_, epoch_, tree_.size(), tree_.root(hash_)});
  for (Claim& claim : claims_) {
    if (claim.settled || claim.checkpoint.epoch != epoch_) continue;
    if (claim.checkpoint.size > tree_.size()) {
      return bad(place_, epoch_, tree_.size(),
                 "the log was cut: a checkpoint " + std::string(claim.external ? "given" : "in the log") +
                     " covers " + std::to_string(claim.checkpoint.size) + " records of epoch " +
                     std::to_string(epoch_) + ", and only " + std::to_string(tree_.size()) + " are here");
    }
    claim.settled = true;  // older than the first record here
    if (claim.external) {
      report_.notes.push_back("the checkpoint given of size " + std::to_string(claim.checkpoint.size) +
                              " of " + origin_of(writer_, epoch_) +
                              " is older than the first record kept, and was not compared");
    }
  }
  return true;
}

bool WriterCheck::torn(std::uint64_t line_number, bool active) {
  if (!settle_mismatch(nullptr)) return false;
  if (active) return true;
  place_ = {file_, line_number};
  seq_ = next_;
  return bad_here(
      "the last line is not whole: the log was cut, or the writer was killed and has not started since");
}

/// What is missing at the log's beginning must have been removed by retention, which the log says of itself.
bool WriterCheck::check_start() {
  if (window_ || !start_) return true;
  const bool amid = start_->seq != 0;
  if (!amid && start_->previous_epoch == 0) return true;
  for (const Removed& removed : removed_) {
    const bool before = amid
                            ? removed.epoch == start_->epoch &&
                                  removed.first + removed.count == start_->seq && removed.last == start_->prev
                            : removed.epoch == start_->previous_epoch &&
                                  removed.first + removed.count == start_->previous_size &&
                                  removed.last == start_->previous_last;
    if (!before) continue;
    report_.notes.push_back("records of " + writer_ + " before epoch " + std::to_string(start_->epoch) +
                            " record " + std::to_string(start_->seq) +
                            " were removed by retention, as the log says");
    return true;
  }
  return bad(start_->place, start_->epoch, start_->seq,
             "the log begins here, but there were records before it, and the log does not say that they were "
             "removed");
}

bool WriterCheck::finish() {
  if (!settle_mismatch(nullptr)) return false;
  if (any_ && (!end_epoch() || !check_start())) return false;
  for (Claim& claim : claims_) {
    if (claim.settled) continue;
    const bool before = start_ && claim.checkpoint.epoch < start_->epoch;
    if (!any_ || !before) {
      return bad(claim.place, claim.checkpoint.epoch, 0,
                 "a checkpoint " + std::string(claim.external ? "given" : "in the log") + " covers " +
                     std::to_string(claim.checkpoint.size) + " records of epoch " +
                     std::to_string(claim.checkpoint.epoch) + ", and none of that epoch are here");
    }
    claim.settled = true;
    if (claim.external) {
      report_.notes.push_back("the checkpoint given of " + origin_of(writer_, claim.checkpoint.epoch) +
                              " is older than the first record kept, and was not compared");
    }
  }
  return true;
}

}  // namespace doorward::audit
