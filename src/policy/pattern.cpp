#include "policy/pattern.h"

#include <re2/re2.h>

#include <cstdint>
#include <utility>

namespace doorward::policy {
namespace {

/// What the spelling of a valid RE2 pattern holds, outside of literals.
struct Spelling {
  bool multi_line_flag = false;
  bool any_byte = false;     // \C
  bool alternation = false;  // a top-level |
};

/// Walks over a pattern that RE2 has accepted: escapes, \Q..\E and character classes hide what is inside
/// them.
Spelling walk(std::string_view pattern) {
  Spelling seen;
  int depth = 0;
  std::size_t i = 0;
  while (i < pattern.size()) {
    const char c = pattern[i];
    if (c == '\\' && i + 1 < pattern.size()) {
      if (pattern[i + 1] == 'Q') {
        const std::size_t end = pattern.find("\\E", i + 2);
        i = end == std::string_view::npos ? pattern.size() : end + 2;
        continue;
      }
      if (pattern[i + 1] == 'C') seen.any_byte = true;
      i += 2;
    } else if (c == '[') {
      ++i;
      if (i < pattern.size() && pattern[i] == '^') ++i;
      bool first = true;
      while (i < pattern.size() && (pattern[i] != ']' || first)) {
        first = false;
        if (pattern.substr(i).starts_with("[:")) {
          const std::size_t end = pattern.find(":]", i + 2);
          i = end == std::string_view::npos ? i + 1 : end + 2;
        } else {
          i += pattern[i] == '\\' ? 2 : 1;
        }
      }
      ++i;
    } else if (c == '(') {
      ++depth;
      ++i;
      if (i + 1 < pattern.size() && pattern[i] == '?' && pattern[i + 1] != 'P') {
        for (++i; i < pattern.size() && pattern[i] != ')' && pattern[i] != ':'; ++i) {
          if (pattern[i] == 'm') seen.multi_line_flag = true;
        }
      }
    } else {
      if (c == ')') --depth;
      if (c == '|' && depth == 0) seen.alternation = true;
      ++i;
    }
  }
  return seen;
}

}  // namespace

std::expected<Pattern, std::string> Pattern::compile(std::string_view pattern) {
  RE2::Options options;
  options.set_log_errors(false);
  auto regex = std::make_unique<RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
  if (!regex->ok()) return std::unexpected(regex->error());
  const Spelling seen = walk(pattern);
  if (seen.multi_line_flag)
    return std::unexpected("the m flag is not allowed: ^ and $ are the ends of the text");
  if (seen.any_byte) return std::unexpected("\\C is not allowed: it splits characters");
  if (regex->ProgramSize() > kMaxProgram) {
    return std::unexpected("it compiles to " + std::to_string(regex->ProgramSize()) +
                           " instructions, more than " + std::to_string(kMaxProgram));
  }
  return Pattern(std::move(regex));
}

Pattern::Pattern(std::unique_ptr<re2::RE2> regex) : regex_(std::move(regex)) {}
Pattern::~Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;

bool Pattern::search(std::string_view text) const {
  return regex_->Match(re2::StringPiece(text.data(), text.size()), 0, text.size(), RE2::UNANCHORED, nullptr,
                       0);
}

bool Pattern::looks_anchored(std::string_view pattern) {
  if (walk(pattern).alternation) return false;
  std::string_view rest = pattern;
  while (rest.starts_with("(?") && rest.find(')') != std::string_view::npos &&
         rest.substr(0, rest.find(')')).find(':') == std::string_view::npos && !rest.starts_with("(?P")) {
    rest.remove_prefix(rest.find(')') + 1);
  }
  const bool head = rest.starts_with('^') || rest.starts_with("\\A");
  const bool dollar = pattern.ends_with('$') && !pattern.ends_with("\\$");
  const bool tail = dollar || (pattern.ends_with("\\z") && !pattern.ends_with("\\\\z"));
  return head && tail;
}

}  // namespace doorward::policy
