#include "mcp/line_framer.h"

#include "mcp/one_line.h"

namespace doorward::mcp {

namespace {
constexpr std::size_t kKeepBytes = 64u << 10;
}

LineFramer::Step LineFramer::next(std::string_view& bytes, std::string_view& line) {
  if (given_) {
    // One huge line must not make a silent peer hold its memory for ever.
    if (partial_.capacity() > kKeepBytes) partial_ = {};
    partial_.clear();
    given_ = false;
  }
  while (!bytes.empty() && !failed_) {
    if (skipping_) {
      const std::size_t end = bytes.find('\n');
      skipping_ = end == std::string_view::npos;
      bytes.remove_prefix(skipping_ ? bytes.size() : end + 1);
      continue;
    }
    const std::size_t at = bytes.find('\n');
    const bool whole = at != std::string_view::npos;
    std::string_view piece = bytes.substr(0, at);
    bytes.remove_prefix(whole ? at + 1 : bytes.size());
    if (partial_.size() + piece.size() > max_bytes_) {
      failed_ = true;
      ended_ = whole;
      break;
    }
    if (!whole || !partial_.empty()) {
      partial_ += piece;
      piece = partial_;
    }
    if (!whole) break;
    if (piece.ends_with('\r')) piece.remove_suffix(1);
    if (piece.find_first_not_of(" \t\r") == std::string_view::npos) {
      partial_.clear();
      continue;
    }
    given_ = true;
    line = piece;
    return Step::line;
  }
  return failed_ ? Step::too_large : Step::more;
}

void LineFramer::skip_line() {
  skipping_ = failed_ && !ended_;
  partial_ = {};
  given_ = failed_ = false;
}

void LineFramer::reset() {
  partial_.clear();
  given_ = failed_ = skipping_ = false;
}

void append_line(std::string& out, std::string_view json) {
  append_one_line(out, json);
  out += '\n';
}

}  // namespace doorward::mcp
