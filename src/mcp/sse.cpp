#include "mcp/sse.h"

#include <algorithm>
#include <bit>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "mcp/one_line.h"

namespace doorward::mcp {

namespace {

constexpr std::string_view kMark = "\xEF\xBB\xBF";
// Room for the longest field name with its colon and space, beside the data that the bound is about.
constexpr std::size_t kFieldName = 16;
constexpr std::size_t kKeepBytes = 64u << 10;

std::size_t find_line_end(std::string_view bytes) {
  const char* p = bytes.data();
  const char* const end = p + bytes.size();
#if defined(__SSE2__)
  const __m128i lf = _mm_set1_epi8('\n');
  const __m128i cr = _mm_set1_epi8('\r');
  while (end - p >= 16) {
    const __m128i chunk = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const auto mask = static_cast<unsigned>(
        _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(chunk, lf), _mm_cmpeq_epi8(chunk, cr))));
    if (mask != 0)
      return static_cast<std::size_t>(p - bytes.data()) + static_cast<unsigned>(std::countr_zero(mask));
    p += 16;
  }
#endif
  p = std::find_if(p, end, [](char c) { return c == '\n' || c == '\r'; });
  return p == end ? std::string_view::npos : static_cast<std::size_t>(p - bytes.data());
}

std::optional<std::uint32_t> parse_retry(std::string_view digits) {
  if (digits.empty() || digits.size() > 9) return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return value;
}

}  // namespace

void SseReader::reset() {
  begin_event();
  line_.clear();
  id_.clear();
  mark_seen_ = 0;
  started_ = after_cr_ = in_comment_ = failed_ = false;
}

void SseReader::begin_event() {
  type_.clear();
  // One huge event must not make a silent stream hold its memory for ever.
  if (data_.capacity() > kKeepBytes) data_ = {};
  if (line_.capacity() > kKeepBytes) line_ = {};
  data_.clear();
  retry_ms_.reset();
  has_data_ = dispatched_ = named_ = false;
}

SseReader::Step SseReader::next(std::string_view& bytes) {
  if (dispatched_) begin_event();
  while (!bytes.empty() && !failed_) {
    if (after_cr_) {
      after_cr_ = false;
      if (bytes.front() == '\n') {
        bytes.remove_prefix(1);
        continue;
      }
    }
    std::string_view line;
    if (!take_line(bytes, line)) continue;
    if (!line.empty()) {
      failed_ = !field(line);
      line_.clear();
    } else if (has_data_) {
      dispatched_ = true;
      return Step::event;
    } else {
      begin_event();
    }
  }
  return failed_ ? Step::too_large : Step::more;
}

// Takes a line, or what there is of it; true when `line` is whole. A comment's line is just its colon.
bool SseReader::take_line(std::string_view& bytes, std::string_view& line) {
  if (!started_) {
    if (bytes.front() == kMark[mark_seen_]) {
      bytes.remove_prefix(1);
      started_ = ++mark_seen_ == kMark.size();
      return false;
    }
    line_ = kMark.substr(0, mark_seen_);
    started_ = true;
  }
  if (line_.empty() && bytes.front() == ':') in_comment_ = true;
  const std::size_t at = find_line_end(bytes);
  const bool whole = at != std::string_view::npos;
  const std::string_view piece = bytes.substr(0, at);
  if (whole) after_cr_ = bytes[at] == '\r';
  bytes.remove_prefix(whole ? at + 1 : bytes.size());
  if (in_comment_) {
    in_comment_ = !whole;
    line = ":";
    return whole;
  }
  if (line_.size() + piece.size() > max_bytes_ + kFieldName) {
    failed_ = true;
    return false;
  }
  if (whole && line_.empty()) {
    line = piece;
    return true;
  }
  line_ += piece;
  line = line_;
  return whole;
}

bool SseReader::field(std::string_view line) {
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "data") {
    if (data_.size() + value.size() + (has_data_ ? 1 : 0) > max_bytes_) return false;
    if (has_data_) data_ += '\n';
    data_ += value;
    has_data_ = true;
  } else if (name == "event") {
    type_ = value;
  } else if (name == "id") {
    if (value.find('\0') == std::string_view::npos) {
      id_ = value;
      named_ = true;
    }
  } else if (name == "retry") {
    if (const auto retry = parse_retry(value)) retry_ms_ = retry;
  }
  return true;
}

void append_sse_message(std::string& out, std::string_view json, std::string_view id) {
  if (!id.empty()) out.append("id: ").append(id).append("\n");
  out += "data: ";
  append_one_line(out, json);
  out += "\n\n";
}

void append_sse_priming(std::string& out, std::string_view id, std::optional<std::uint32_t> retry_ms) {
  out.append("id: ").append(id).append("\n");
  if (retry_ms) out.append("retry: ").append(std::to_string(*retry_ms)).append("\n");
  out += "data:\n\n";
}

void append_sse_keep_alive(std::string& out) {
  out += ":\n\n";
}

}  // namespace doorward::mcp
