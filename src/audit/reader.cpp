#include "audit/reader.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "audit/open_intents.h"
#include "audit/segment.h"
#include "base/text.h"

namespace doorward::audit {
namespace {

constexpr std::array<std::string_view, kDecisionWords> kWordNames = {
    "", "allowed", "denied", "hidden", "rate_limited", "needs_approval", "would_deny", "error"};

bool fits_verdict(const std::string& wanted, const RecordView& record) {
  if (wanted.empty() || record.text("verdict") == wanted) return true;
  if (wanted == kRefused) return is_refusal(record.word());
  const std::optional<DecisionWord> word = parse_decision_word(wanted);
  return word && record.word() == *word;
}

bool fits_text(const std::string& wanted, const RecordView& record) {
  if (wanted.empty() || record.text("id") == wanted) return true;
  for (const std::string_view path : {"grant.id", "grant.label", "server", "tool", "rule"}) {
    if (contains_text(record.text(path), wanted)) return true;
  }
  return false;
}

/// A line with what is known of it before it is read as JSON.
struct Line {
  std::string_view bytes;
  RecordHead head;
  RecordStart start;
  std::int64_t time_us = 0;
};

/// Lines that are no records are passed over: telling of them is verify's duty.
bool parse_line(std::string_view bytes, Line& line) {
  const std::optional<RecordHead> head = parse_head(bytes);
  const std::optional<RecordStart> start = head ? parse_start(head->members) : std::nullopt;
  const std::optional<std::int64_t> time = start ? parse_time(start->time) : std::nullopt;
  if (!time) return false;
  line = {bytes, *head, *start, *time};
  return true;
}

/// What can be told without reading the JSON.
bool may_match(const Query& query, const Line& line) {
  return (!query.since_us || line.time_us >= *query.since_us) &&
         (!query.until_us || line.time_us < *query.until_us) && fits_pattern(query.id, line.start.id) &&
         fits_pattern(query.event, line.start.event) && fits_pattern(query.writer, line.head.writer);
}

std::int64_t first_time(const SegmentFile& segment) {
  Result<MappedFile> file = MappedFile::open(segment.path);
  if (!file) return INT64_MAX;
  std::string_view rest = file->bytes();
  std::string_view bytes;
  Line line;
  return next_line(rest, bytes) && parse_line(bytes, line) ? line.time_us : INT64_MAX;
}

/// The records of one writer, forwards or backwards, file by file.
class Cursor {
 public:
  Cursor(std::vector<SegmentFile> segments, bool backwards)
      : segments_(std::move(segments)), backwards_(backwards) {}

  /// Leaves out segments that only hold records before `since`, judged by the times at which segments begin.
  void skip_before(std::int64_t since) {
    std::size_t begin = 0;
    for (std::size_t i = segments_.size(); i-- > 1;) {
      if (first_time(segments_[i]) < since) {
        begin = i;
        break;
      }
    }
    segments_.erase(segments_.begin(), segments_.begin() + static_cast<std::ptrdiff_t>(begin));
  }

  /// Leaves out segments that end before a place.
  void skip_before(RecordPlace place) {
    std::size_t begin = 0;
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      if (RecordPlace{segments_[i].epoch, segments_[i].first} <= place) begin = i;
    }
    segments_.erase(segments_.begin(), segments_.begin() + static_cast<std::ptrdiff_t>(begin));
  }

  /// Moves to the next record that `wanted` lets pass; false at the end.
  template <typename Wanted>
  Result<bool> next(const Wanted& wanted) {
    while (true) {
      while (take(bytes_)) {
        if (parse_line(bytes_, line_) && wanted(line_)) return true;
      }
      if (at_ == segments_.size()) return false;
      const SegmentFile& segment = backwards_ ? segments_[segments_.size() - 1 - at_] : segments_[at_];
      ++at_;
      Result<MappedFile> file = MappedFile::open(segment.path);
      if (!file) {
        // Retention may have removed it since the directory was read.
        rest_ = {};
        continue;
      }
      file_ = std::move(*file);
      rest_ = file_.bytes();
      if (backwards_) rest_ = rest_.substr(0, rest_.rfind('\n') + 1);
    }
  }

  const Line& line() const { return line_; }

 private:
  bool take(std::string_view& bytes) {
    if (!backwards_) return next_line(rest_, bytes);
    if (rest_.empty()) return false;
    const std::size_t before =
        rest_.size() < 2 ? std::string_view::npos : rest_.rfind('\n', rest_.size() - 2);
    const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
    bytes = rest_.substr(begin, rest_.size() - begin - 1);
    rest_ = rest_.substr(0, begin);
    return true;
  }

  std::vector<SegmentFile> segments_;
  bool backwards_;
  std::size_t at_ = 0;
  MappedFile file_;
  std::string_view rest_;
  std::string_view bytes_;
  Line line_;
};

}  // namespace

std::string_view RecordView::text(std::string_view path) const {
  json::Value value = root;
  while (!path.empty()) {
    const std::size_t dot = path.find('.');
    value = value.find(path.substr(0, dot));
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  }
  return value.is(json::Type::string) ? value.string() : std::string_view();
}

bool is_call_method(std::string_view method) {
  return method == "tools/call" || method == "resources/read" || method == "prompts/get";
}

DecisionWord RecordView::word() const {
  const json::Value enforced = root.find("enforced");
  return decision_word(text("event"), text("verdict"), !enforced.is(json::Type::boolean) || enforced.boolean(), text("code"),
                       text("result"));
}

std::string_view to_string(DecisionWord word) {
  return kWordNames[static_cast<std::size_t>(word)];
}

std::optional<DecisionWord> parse_decision_word(std::string_view text) {
  const auto found = std::ranges::find(kWordNames, text);
  if (text.empty() || found == kWordNames.end()) return std::nullopt;
  return static_cast<DecisionWord>(found - kWordNames.begin());
}

bool is_refusal(DecisionWord word) {
  return word == DecisionWord::denied || word == DecisionWord::hidden || word == DecisionWord::rate_limited ||
         word == DecisionWord::needs_approval;
}

DecisionWord decision_word(std::string_view event, std::string_view verdict, bool enforced, std::string_view code,
                           std::string_view result) {
  if (verdict.empty()) {
    const bool failed = result == "error" || result == "tool_error" || result == "upstream_error" || result == "timeout";
    return failed ? DecisionWord::error : DecisionWord::none;
  }
  if (verdict == "allow") return DecisionWord::allowed;
  if (!enforced) return DecisionWord::would_deny;
  if (verdict == "hide") return DecisionWord::hidden;
  if (verdict == "approve" && event == "call.intent") return DecisionWord::allowed;
  if (code == "approval_pending" || code == "approval_expired" || code == "approval_refused") return DecisionWord::needs_approval;
  return code == "rate_limited" || code == "budget_exceeded" ? DecisionWord::rate_limited : DecisionWord::denied;
}

bool fits_pattern(std::string_view wanted, std::string_view text) {
  if (wanted.empty()) return true;
  if (wanted.back() == '*') return text.starts_with(wanted.substr(0, wanted.size() - 1));
  return text == wanted;
}

bool contains_text(std::string_view text, std::string_view wanted) {
  // A client's own prefix (`mcp__github__create_issue`) is none of the gateway's.
  if (wanted.starts_with("mcp__")) {
    const std::size_t behind = wanted.find("__", 5);
    if (behind != std::string_view::npos) wanted.remove_prefix(behind + 2);
  }
  return std::ranges::search(text, wanted, {}, to_lower, to_lower).begin() != text.end() || wanted.empty();
}

PolicyName policy_of(json::Value record) {
  const json::Value policy = record.find("policy");
  if (policy.is(json::Type::object)) return {text_of(policy, "name"), text_of(policy, "sha256")};
  const bool own = text_of(record, "event").starts_with("policy.");
  return {text_of(record, "policy"), text_of(record, own ? "sha256" : "policy_sha256")};
}

bool fits_policy(std::string_view wanted, const PolicyName& policy) {
  constexpr std::size_t kEnough = 8;
  return wanted.empty() || policy.name == wanted || (wanted.size() >= kEnough && policy.sha256.starts_with(wanted));
}

bool Query::matches(const RecordView& record) const {
  return (!since_us || record.time_us >= *since_us) && (!until_us || record.time_us < *until_us) &&
         fits_pattern(writer, record.writer) && fits_pattern(id, record.text("id")) && fits_pattern(event, record.text("event")) &&
         (grant.empty() || record.text("grant.id") == grant || record.text("grant.label") == grant) &&
         (server.empty() || record.text("server") == server) &&
         (tool.empty() || record.text("tool") == tool) &&
         fits_verdict(verdict, record) && fits_text(this->text, record) && (!calls || (record.root.find("verdict") && is_call_method(record.text("method")))) &&
         (code.empty() || record.text("code") == code) && (policy.empty() || fits_policy(policy, policy_of(record.root))) &&
         (args_digest.empty() || record.text("args.digest") == args_digest) &&
         (rule.empty() || (record.root.find("rule") && fits_pattern(rule, record.text("rule"))));
}

struct LogReader::Impl {
  using Each = std::function<bool(const RecordView&)>;

  Status merge(const Query& query, bool backwards, const Each& each);
  bool deliver(const Line& line, const Query& query, const Each& each);
  Result<std::vector<std::string>> writers() const { return list_writers(directory); }

  /// How far follow mode has come with a writer.
  struct Followed {
    RecordPlace next;          ///< of the first record not yet delivered
    std::string path;          ///< of the segment read last
    std::uint64_t offset = 0;  ///< in it
  };
  Status follow(const std::string& writer, Followed& at, bool deliver_records, const Query& query,
                const Each& each);

  std::string directory;
  json::Reader reader;
  std::map<std::string, Followed> followed;
  bool following = false;
};

LogReader::LogReader(std::string directory) : impl_(std::make_unique<Impl>()) {
  impl_->directory = std::move(directory);
}
LogReader::~LogReader() = default;

/// False when the caller wants no more.
bool LogReader::Impl::deliver(const Line& line, const Query& query, const Each& each) {
  const auto read = reader.read(line.bytes);
  if (!read) return true;
  const RecordView view{line.bytes, *read, line.head.writer, line.head.epoch, line.head.seq, line.time_us};
  return !query.matches(view) || each(view);
}

Status LogReader::Impl::merge(const Query& query, bool backwards, const Each& each) {
  Result<std::vector<std::string>> names = writers();
  if (!names) return std::unexpected(names.error());
  std::vector<std::unique_ptr<Cursor>> cursors;
  const auto wanted = [&query](const Line& line) { return may_match(query, line); };
  for (const std::string& name : *names) {
    if (!fits_pattern(query.writer, name)) continue;
    Result<std::vector<SegmentFile>> segments = list_segments(directory + "/" + name);
    if (!segments) return std::unexpected(segments.error());
    auto cursor = std::make_unique<Cursor>(std::move(*segments), backwards);
    if (query.since_us) cursor->skip_before(*query.since_us);
    Result<bool> more = cursor->next(wanted);
    if (!more) return std::unexpected(more.error());
    if (*more) cursors.push_back(std::move(cursor));
  }
  while (!cursors.empty()) {
    const auto best =
        std::min_element(cursors.begin(), cursors.end(), [backwards](const auto& a, const auto& b) {
          return backwards ? a->line().time_us > b->line().time_us : a->line().time_us < b->line().time_us;
        });
    if (!deliver((*best)->line(), query, each)) return {};
    Result<bool> more = (*best)->next(wanted);
    if (!more) return std::unexpected(more.error());
    if (!*more) cursors.erase(best);
  }
  return {};
}

Status LogReader::for_each(const Query& query, const std::function<bool(const RecordView&)>& each) {
  return impl_->merge(query, false, each);
}

Status LogReader::for_each_newest(const Query& query, const std::function<bool(const RecordView&)>& each) {
  return impl_->merge(query, true, each);
}

Result<std::vector<std::string>> LogReader::last(const Query& query, std::size_t count) {
  std::vector<std::string> lines;
  if (count == 0) return lines;
  Status read = for_each_newest(query, [&](const RecordView& record) {
    lines.emplace_back(record.line);
    return lines.size() < count;
  });
  if (!read) return std::unexpected(read.error());
  std::reverse(lines.begin(), lines.end());
  return lines;
}

Result<std::vector<std::string>> LogReader::find(std::string_view id) {
  Query query;
  query.id = id;
  std::vector<std::string> lines;
  Status read = for_each(query, [&](const RecordView& record) {
    if (record.text("id") == id) lines.emplace_back(record.line);
    return true;
  });
  if (!read) return std::unexpected(read.error());
  return lines;
}

Status LogReader::for_each_since(std::span<const LogPosition> positions,
                                 const std::function<bool(const RecordView&)>& each) {
  Result<std::vector<std::string>> names = impl_->writers();
  if (!names) return std::unexpected(names.error());
  for (const std::string& name : *names) {
    RecordPlace from;
    for (const LogPosition& position : positions) {
      if (position.writer == name) from = {position.epoch, position.seq};
    }
    Result<std::vector<SegmentFile>> segments = list_segments(impl_->directory + "/" + name);
    if (!segments) return std::unexpected(segments.error());
    Cursor cursor(std::move(*segments), false);
    cursor.skip_before(from);
    const auto wanted = [&from](const Line& line) {
      return RecordPlace{line.head.epoch, line.head.seq} >= from;
    };
    while (true) {
      Result<bool> more = cursor.next(wanted);
      if (!more) return std::unexpected(more.error());
      if (!*more) break;
      if (!impl_->deliver(cursor.line(), {}, each)) return {};
    }
  }
  return {};
}

Status LogReader::Impl::follow(const std::string& writer, Followed& at, bool deliver_records,
                               const Query& query, const Each& each) {
  Result<std::vector<SegmentFile>> segments = list_segments(directory + "/" + writer);
  if (!segments) return std::unexpected(segments.error());
  for (const SegmentFile& segment : *segments) {
    const bool current = segment.path == at.path;
    if (current && segment.bytes == at.offset) continue;
    if (!current && RecordPlace{segment.epoch, segment.first} < at.next) continue;
    Result<MappedFile> file = MappedFile::open(segment.path);
    if (!file) continue;
    const std::uint64_t begin = current ? std::min<std::uint64_t>(at.offset, file->bytes().size()) : 0;
    std::string_view rest = file->bytes().substr(begin);
    std::string_view bytes;
    Line line;
    at.path = segment.path;
    at.offset = begin;
    while (next_line(rest, bytes)) {
      at.offset += bytes.size() + 1;
      if (!parse_line(bytes, line)) continue;
      const RecordPlace place{line.head.epoch, line.head.seq};
      // A segment that replaces another's end after a failed sync repeats records.
      if (place < at.next) continue;
      at.next = {place.epoch, place.seq + 1};
      if (deliver_records && may_match(query, line) && !deliver(line, query, each)) return {};
    }
  }
  return {};
}

Status LogReader::poll(const Query& query, const std::function<bool(const RecordView&)>& each) {
  Result<std::vector<std::string>> names = impl_->writers();
  if (!names) return std::unexpected(names.error());
  const bool first = !std::exchange(impl_->following, true);
  for (const std::string& name : *names) {
    auto [found, added] = impl_->followed.try_emplace(name);
    if (Status read = impl_->follow(name, found->second, !first, query, each); !read) return read;
  }
  return {};
}

}  // namespace doorward::audit
