#include "audit/index_block.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>

#include "audit/merkle.h"
#include "io/file.h"

namespace doorward::audit {
namespace {

constexpr char kSeparator = '\x1f';
constexpr std::array<char, 8> kMagic = {'D', 'W', 'I', 'N', 'D', 'E', 'X', '2'};
constexpr std::array<std::string_view, 7> kResults = {"",           "ok",        "error",  "tool_error",
                                                      "upstream_error", "cancelled", "timeout"};
constexpr std::uint64_t kUnbroken = UINT64_MAX;

struct FileHead {
  std::array<char, 8> magic;
  std::uint64_t epoch;
  std::uint64_t first;
  std::uint64_t segment_bytes;
  std::uint64_t rows;
  std::uint64_t texts;
  std::uint64_t text_bytes;
  std::uint64_t broken;
  std::int64_t first_us;
  std::int64_t last_us;
  Digest first_prev;
  Digest last_hash;
};
static_assert(sizeof(FileHead) == 144);

template <typename Value>
std::string_view raw(const Value& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

template <typename Value>
std::string_view raw(std::span<const Value> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

RowVerdict verdict_of(std::string_view text) {
  if (text == "allow") return RowVerdict::allow;
  if (text == "deny") return RowVerdict::deny;
  if (text == "hide") return RowVerdict::hide;
  return text == "approve" ? RowVerdict::approve : RowVerdict::none;
}

RowResult result_of(std::string_view text) {
  const auto found = std::ranges::find(kResults, text);
  return found == kResults.end() ? RowResult::none : static_cast<RowResult>(found - kResults.begin());
}

std::uint32_t capped(json::Value number) {
  std::int64_t value = 0;
  if (number.is(json::Type::number)) {
    const std::string_view text = number.number();
    std::from_chars(text.data(), text.data() + text.size(), value);
  }
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(value, 0, UINT32_MAX));
}

/// The first digits of a digest; 0 where there are none.
std::uint32_t digest_number(std::string_view digest) {
  digest = digest.substr(0, 8);
  std::uint32_t number = 0;
  std::from_chars(digest.data(), digest.data() + digest.size(), number, 16);
  return number;
}

/// The last line of a segment that ends in one.
std::string_view last_line(std::string_view bytes) {
  if (!bytes.ends_with('\n')) return {};
  bytes.remove_suffix(1);
  return bytes.substr(bytes.rfind('\n') + 1);  // npos + 1: the whole
}

}  // namespace

std::string_view to_string(RowResult result) {
  return kResults[static_cast<std::size_t>(result)];
}

std::uint64_t index_id(std::string_view id) {
  if (id.empty()) return 0;
  // FNV-1a: ids are drawn at random by the gateway, so nobody aims at a collision; lines are compared in the end.
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash == 0 ? 1 : hash;
}

IndexBlock::IndexBlock(std::string writer, SegmentFile segment)
    : writer_(std::move(writer)), segment_(std::move(segment)), reader_(std::make_unique<json::Reader>()) {
  own_texts_.emplace_back();
}

IndexBlock::~IndexBlock() = default;

std::string_view IndexBlock::text(std::uint32_t number) const {
  if (number == 0 || number >= text_count_) return {};
  if (!file_.bytes().empty()) {
    const std::uint32_t begin = text_ends_[number - 1];
    return text_bytes_.substr(begin, text_ends_[number] - begin);
  }
  return own_texts_[number];
}

std::uint32_t IndexBlock::intern(std::string_view text) {
  if (text.empty()) return 0;
  const auto found = numbers_.find(text);
  if (found != numbers_.end()) return found->second;
  const auto number = static_cast<std::uint32_t>(text_count_++);
  own_texts_.push_back(numbers_.emplace(std::string(text), number).first->first);
  return number;
}

/// Of words of the program, which are few; what comes behind 65,535 texts goes without.
std::uint16_t IndexBlock::intern_short(std::string_view text) {
  if (text_count_ > UINT16_MAX && !numbers_.contains(text)) return 0;
  const std::uint32_t number = intern(text);
  return number > UINT16_MAX ? std::uint16_t{0} : static_cast<std::uint16_t>(number);
}

void IndexBlock::append(std::string_view bytes, std::size_t budget) {
  const std::uint64_t end = indexed_ + budget;
  std::string_view line;
  while (indexed_ < end && next_line(bytes, line)) {
    take_line(line);
    indexed_ += line.size() + 1;
  }
  rows_ = own_rows_;
}

void IndexBlock::take_line(std::string_view line) {
  IndexRow row{};
  row.offset = static_cast<std::uint32_t>(std::min<std::uint64_t>(indexed_, UINT32_MAX));
  row.time_us = own_rows_.empty() ? 0 : own_rows_.back().time_us;
  const std::optional<RecordHead> head = parse_head(line);
  const auto prev = head ? parse_digest(head->prev) : std::nullopt;
  const std::uint64_t number = own_rows_.size();
  if (number == 0 && prev) first_prev_ = *prev;
  const bool linked = prev && head->writer == writer_ && head->epoch == segment_.epoch &&
                      head->seq == segment_.first + number && (number == 0 || *prev == last_hash_);
  if (!linked && !broken_) broken_ = number;
  last_hash_ = leaf_hash(hash_, line);
  if (head) take_members(line, row);
  first_us_ = std::min(first_us_, row.time_us);
  last_us_ = std::max(last_us_, row.time_us);
  own_rows_.push_back(row);
}

void IndexBlock::take_members(std::string_view line, IndexRow& row) {
  const auto record = reader_->read(line);
  if (!record) return;
  const auto time = parse_time(text_of(*record, "time"));
  if (!time) return;
  row.time_us = *time;
  row.id = index_id(text_of(*record, "id"));
  const json::Value grant = record->find("grant");
  if (grant.is(json::Type::object)) {
    std::string agent(text_of(grant, "id"));
    agent += kSeparator;
    agent += text_of(grant, "label");
    if (agent.size() > 1) row.agent = intern(agent);
  }
  const std::string_view event = text_of(*record, "event");
  const std::string_view verdict = text_of(*record, "verdict");
  const std::string_view code = text_of(*record, "code");
  const std::string_view result = text_of(*record, "result");
  row.server = intern(text_of(*record, "server"));
  row.tool = intern(text_of(*record, "tool"));
  row.rule = intern(text_of(*record, "rule"));
  if (const PolicyName policy = policy_of(*record); !policy.name.empty()) {
    row.policy = intern(std::string(policy.name) + kSeparator + std::string(policy.sha256));
  }
  row.event = intern_short(event);
  row.code = intern_short(code);
  row.verdict = verdict_of(verdict);
  const json::Value enforced = record->find("enforced");
  row.call = is_call_method(text_of(*record, "method"));
  if (event == "call.outcome") {
    row.result = result_of(result);
    row.duration_us = capped(record->find("duration_us"));
  }
  row.word = decision_word(event, verdict, !enforced.is(json::Type::boolean) || enforced.boolean(), code, row.result == RowResult::none ? std::string_view() : result);
  row.digest = digest_number(text_of(record->find("args"), "digest"));
}

Status IndexBlock::save(const std::string& path) const {
  FileHead head{kMagic,        segment_.epoch,  segment_.first, indexed_, rows_.size(), text_count_, 0,
                broken_.value_or(kUnbroken), first_us_, last_us_, first_prev_, last_hash_};
  std::string texts;
  std::vector<std::uint32_t> ends;
  for (std::uint32_t i = 0; i < text_count_; ++i) {
    texts += text(i);
    ends.push_back(static_cast<std::uint32_t>(texts.size()));
  }
  head.text_bytes = texts.size();
  std::string out(raw(head));
  out += raw(rows_);
  out += raw(std::span<const std::uint32_t>(ends));
  out += texts;
  const Digest digest = sha256(out);
  out += raw(digest);
  return io::write_file_atomic(path, out);
}

std::unique_ptr<IndexBlock> IndexBlock::load(const std::string& path, const std::string& writer,
                                             const SegmentFile& segment) {
  auto file = MappedFile::open(path);
  if (!file || file->bytes().size() < sizeof(FileHead) + sizeof(Digest)) return nullptr;
  const std::string_view bytes = file->bytes();
  const std::string_view body = bytes.substr(0, bytes.size() - sizeof(Digest));
  FileHead head;
  std::memcpy(&head, body.data(), sizeof head);
  constexpr std::uint64_t kMost = UINT32_MAX;
  if (head.magic != kMagic || head.epoch != segment.epoch || head.first != segment.first ||
      head.segment_bytes != segment.bytes || head.rows > kMost || head.texts > kMost || head.texts == 0 ||
      head.text_bytes > kMost ||
      body.size() != sizeof head + head.rows * sizeof(IndexRow) + head.texts * sizeof(std::uint32_t) + head.text_bytes) {
    return nullptr;
  }
  if (raw(sha256(body)) != bytes.substr(body.size())) return nullptr;
  // Rows of another log of the same shape (a state directory put back from a copy) are none of this segment's.
  const auto log = MappedFile::open(segment.path);
  Sha256 hash;
  if (!log || log->bytes().size() != segment.bytes || leaf_hash(hash, last_line(log->bytes())) != head.last_hash) {
    return nullptr;
  }
  auto block = std::make_unique<IndexBlock>(writer, segment);
  const char* at = body.data() + sizeof head;
  block->rows_ = {reinterpret_cast<const IndexRow*>(at), head.rows};
  at += head.rows * sizeof(IndexRow);
  block->text_ends_ = {reinterpret_cast<const std::uint32_t*>(at), head.texts};
  block->text_bytes_ = {at + head.texts * sizeof(std::uint32_t), head.text_bytes};
  block->text_count_ = head.texts;
  if (!std::ranges::is_sorted(block->text_ends_) || block->text_ends_.back() != head.text_bytes) return nullptr;
  for (const IndexRow& row : block->rows_) {
    const std::uint32_t most = std::max({row.agent, row.server, row.tool, row.rule, row.policy,
                                         std::uint32_t{row.event}, std::uint32_t{row.code}});
    if (most >= head.texts || row.word > DecisionWord::error || row.result > RowResult::timeout) return nullptr;
  }
  block->indexed_ = head.segment_bytes;
  block->first_us_ = head.first_us;
  block->last_us_ = head.last_us;
  block->first_prev_ = head.first_prev;
  block->last_hash_ = head.last_hash;
  if (head.broken != kUnbroken) block->broken_ = head.broken;
  block->file_ = std::move(*file);
  block->reader_.reset();
  return block;
}

template <typename Fits>
void BlockFilter::select(Set& set, bool wanted, const Fits& text_fits) {
  if (!wanted) return;
  set.resize(block_.texts());
  bool any = false;
  for (std::uint32_t i = 0; i < set.size(); ++i) {
    const bool fits = text_fits(block_.text(i));
    set[i] = fits ? 1 : 0;
    any = any || fits;
  }
  none_ = none_ || !any;
}

BlockFilter::BlockFilter(const Query& query, const IndexBlock& block)
    : block_(block),
      query_(query),
      id_(index_id(query.id)),
      text_id_(index_id(query.text)),
      digest_(digest_number(query.args_digest)),
      by_text_(!query.text.empty()),
      since_us_(query.since_us.value_or(INT64_MIN)),
      until_us_(query.until_us.value_or(INT64_MAX)) {
  none_ = block.last_us() < since_us_ || block.first_us() >= until_us_ ||
          (!query.writer.empty() && !fits_pattern(query.writer, block.writer()));
  if (none_) return;
  if (!query.verdict.empty()) {
    verdict_ = verdict_of(query.verdict);
    word_ = parse_decision_word(query.verdict).value_or(DecisionWord::none);
    refused_ = query.verdict == kRefused;
    none_ = verdict_ == RowVerdict::none && word_ == DecisionWord::none && !refused_;
  }
  const auto agent_part = [](std::string_view text, const auto& fits) {
    const std::size_t at = text.find(kSeparator);
    return at != std::string_view::npos && (fits(text.substr(0, at)) || fits(text.substr(at + 1)));
  };
  const auto equals = [](const std::string& wanted) { return [&wanted = wanted](std::string_view text) { return text == wanted; }; };
  const auto like = [](const std::string& wanted) { return [&wanted = wanted](std::string_view text) { return fits_pattern(wanted, text); }; };
  select(agent_, !query.grant.empty(), [&](std::string_view text) { return agent_part(text, equals(query.grant)); });
  select(server_, !query.server.empty(), equals(query.server));
  select(tool_, !query.tool.empty(), equals(query.tool));
  select(code_, !query.code.empty(), equals(query.code));
  select(event_, !query.event.empty(), like(query.event));
  select(policy_, !query.policy.empty(), [&](std::string_view text) {
    const std::size_t at = text.find(kSeparator);
    return at != std::string_view::npos && fits_policy(query.policy, {text.substr(0, at), text.substr(at + 1)});
  });
  select(rule_, !query.rule.empty(), like(query.rule));
  if (!by_text_ || none_) return;
  text_.resize(block.texts());
  for (std::uint32_t i = 1; i < text_.size(); ++i) {
    const auto holds = [&](std::string_view text) { return contains_text(text, query.text); };
    text_[i] = holds(block.text(i)) || agent_part(block.text(i), holds) ? 1 : 0;
  }
}

bool BlockFilter::fits(const IndexRow& row) const {
  const auto in = [](const Set& set, std::uint32_t number) { return set.empty() || set[number] != 0; };
  if (row.time_us < since_us_ || row.time_us >= until_us_) return false;
  if (id_ != 0 && row.id != id_) return false;
  if (digest_ != 0 && row.digest != digest_) return false;
  if (word_ != DecisionWord::none && row.word != word_) return false;
  if (refused_ && !is_refusal(row.word)) return false;
  if (verdict_ != RowVerdict::none && row.verdict != verdict_) return false;
  if (query_.calls && (row.verdict == RowVerdict::none || !row.call)) return false;
  if (!in(agent_, row.agent) || !in(server_, row.server) || !in(tool_, row.tool) || !in(rule_, row.rule) ||
      !in(policy_, row.policy) || !in(event_, row.event) || !in(code_, row.code)) {
    return false;
  }
  if (!rule_.empty() && row.rule == 0 && row.verdict == RowVerdict::none) return false;
  if (!by_text_) return true;
  return row.id == text_id_ || text_[row.agent] != 0 || text_[row.server] != 0 || text_[row.tool] != 0 ||
         text_[row.rule] != 0;
}

}  // namespace doorward::audit
