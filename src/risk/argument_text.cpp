#include "risk/argument_text.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/text.h"

namespace doorward::risk {
namespace {

constexpr std::size_t kLongestName = 64;
constexpr std::size_t kLongestDefault = 60;

bool is_small(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_name(char c) {
  return is_alnum(c) || c == '_';
}
bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

enum class Block : std::uint8_t { none, arguments, returns, other };

struct Heading {
  std::string_view word;
  Block block;
  bool anywhere;  ///< also in the middle of a line: no prose ends a word of its own in that way
};

constexpr std::array kHeadings = {
    Heading{"Args", Block::arguments, true},       Heading{"Arguments", Block::arguments, true},
    Heading{"Parameters", Block::arguments, true}, Heading{"PARAMETERS", Block::arguments, true},
    Heading{"ARGS", Block::arguments, true},       Heading{"Params", Block::arguments, true},
    Heading{"Inputs", Block::arguments, false},    Heading{"Input", Block::arguments, false},
    Heading{"Returns", Block::returns, true},      Heading{"RETURNS", Block::returns, true},
    Heading{"Return", Block::returns, false},      Heading{"Output", Block::returns, false},
    Heading{"Response", Block::returns, false},    Heading{"Raises", Block::other, true},
    Heading{"Yields", Block::other, true},         Heading{"Example", Block::other, false},
    Heading{"Examples", Block::other, false},      Heading{"Note", Block::other, false},
    Heading{"Notes", Block::other, false},         Heading{"Usage", Block::other, false},
    Heading{"Errors", Block::other, false},        Heading{"EXAMPLES", Block::other, false},
    Heading{"IMPORTANT", Block::other, false},     Heading{"Warning", Block::other, false},
};

/// Words that stand before a colon in prose and name no argument.
constexpr std::array<std::string_view, 22> kNoArgument = {
    "allowed",   "caution", "default",  "defaults", "e",     "eg",        "example", "examples",
    "following", "format",  "g",        "i",        "ie",    "important", "note",    "notes",
    "optional",  "options", "required", "returns",  "valid", "warning"};
static_assert(std::ranges::is_sorted(kNoArgument));

bool is_prose(std::string_view word) {
  constexpr std::size_t kLongest = 9;
  if (word.size() > kLongest) return false;
  std::array<char, kLongest> small{};
  std::ranges::transform(word, small.begin(), to_lower);
  return std::ranges::binary_search(kNoArgument, std::string_view(small.data(), word.size()));
}

struct Found {
  Block block = Block::none;
  std::size_t word = 0;   ///< where the heading begins
  std::size_t after = 0;  ///< past its colon
};

/// The first heading at or after `from`.
Found next_heading(std::string_view text, std::size_t from) {
  for (std::size_t colon = text.find(':', from); colon != std::string_view::npos;
       colon = text.find(':', colon + 1)) {
    std::size_t end = colon;
    while (end > from && text[end - 1] == '*') --end;
    std::size_t begin = end;
    while (begin > from && is_alpha(text[begin - 1])) --begin;
    const std::string_view word = text.substr(begin, end - begin);
    const auto* const heading = std::ranges::find(kHeadings, word, &Heading::word);
    if (word.empty() || heading == kHeadings.end()) continue;
    std::size_t before = begin;
    while (before > from && (text[before - 1] == '*' || text[before - 1] == '#')) --before;
    const bool apart = before == 0 || is_space(text[before - 1]);
    while (before > 0 && (text[before - 1] == ' ' || text[before - 1] == '\t')) --before;
    const bool starts_line = before == 0 || text[before - 1] == '\n';
    std::size_t after = colon + 1;
    while (after < text.size() && text[after] == '*') ++after;
    if (apart && (starts_line || heading->anywhere)) return {heading->block, begin, after};
  }
  return {Block::none, text.size(), text.size()};
}

/// The start of an argument's line or run, `name (type): `, at `at`; its `text` begins there and is empty
/// yet.
struct Start {
  ToldArgument argument;
  std::size_t after = 0;  ///< where its text begins; 0: no argument begins here
};

Start argument_at(std::string_view text, std::size_t at, bool dash_counts) {
  std::size_t pos = at;
  const auto quotes = [&] {
    while (pos < text.size() && (text[pos] == '`' || text[pos] == '*' || text[pos] == '"')) ++pos;
  };
  const auto blanks = [&] {
    while (pos < text.size() && (text[pos] == ' ' || text[pos] == '\t')) ++pos;
  };
  quotes();
  const std::size_t name_begin = pos;
  while (pos < text.size() && is_name(text[pos]) && pos - name_begin <= kLongestName) ++pos;
  Start start;
  start.argument.name = text.substr(name_begin, pos - name_begin);
  if (start.argument.name.empty() || start.argument.name.size() > kLongestName ||
      !(is_alpha(start.argument.name.front()) || start.argument.name.front() == '_') ||
      is_prose(start.argument.name)) {
    return {};
  }
  quotes();
  blanks();
  if (pos < text.size() && text[pos] == '(') {
    const std::size_t close = text.substr(0, std::min(text.size(), pos + 100)).find(')', pos);
    if (close == std::string_view::npos) return {};
    start.argument.type = trim(text.substr(pos + 1, close - pos - 1));
    pos = close + 1;
    quotes();
    blanks();
  }
  if (pos < text.size() && text[pos] == ':' &&
      (pos + 1 == text.size() || is_space(text[pos + 1]) || text[pos + 1] == '*')) {
    ++pos;
    quotes();
    start.after = pos;
  } else if (dash_counts && pos + 1 < text.size() && text[pos] == '-' && text[pos + 1] == ' ') {
    start.after = pos + 2;
  }
  return start;
}

class Told {
 public:
  Told(std::string_view block, std::vector<ToldArgument>& into) : block_(block), into_(into) {}

  /// `name: text` on lines of their own; a line that is indented deeper belongs to the one above.
  void read_lines() {
    std::size_t indent = std::string_view::npos;
    std::size_t line = 0;
    bool after_blank = false;
    while (line < block_.size()) {
      const std::size_t end = std::min(block_.find('\n', line), block_.size());
      std::size_t at = line;
      while (at < end && (block_[at] == ' ' || block_[at] == '\t')) ++at;
      const std::size_t depth = at - line;
      const bool blank = trim(block_.substr(line, end - line)).empty();
      if (!blank) {
        if (at + 1 < end && (block_[at] == '-' || block_[at] == '*') && block_[at + 1] == ' ') at += 2;
        const bool deeper = indent != std::string_view::npos && depth > indent;
        const Start start = deeper ? Start{} : argument_at(block_.substr(0, end), at, true);
        if (start.after != 0) {
          if (!add(start, line)) return;
          if (indent == std::string_view::npos) indent = depth;
        } else if (!deeper && after_blank && open()) {
          return close(line);
        }
      }
      after_blank = blank;
      line = end + 1;
    }
    close(block_.size());
  }

  /// All in one run of text: an argument begins where a sentence ends, or where only a name or a type can
  /// stand.
  void read_run() {
    for (std::size_t at = 0; at < block_.size(); ++at) {
      if (!is_name(block_[at]) && block_[at] != '`' && block_[at] != '*') continue;
      const bool sentence = starts_sentence(at);
      const Start start = argument_at(block_, at, false);
      if (start.after != 0 && (sentence || (apart(at) && unlike_prose(start.argument)))) {
        if (!add(start, at)) return;
        at = start.after - 1;
      } else {
        while (at + 1 < block_.size() && is_name(block_[at + 1])) ++at;
      }
    }
    close(block_.size());
  }

 private:
  bool open() const { return text_begin_ != std::string_view::npos; }

  bool add(const Start& start, std::size_t at) {
    close(at);
    if (into_.size() == kMostToldArguments) return false;
    if (start.argument.name != "ctx" && start.argument.name != "self") {
      into_.push_back(start.argument);
      text_begin_ = start.after;
    }
    return true;
  }
  void close(std::size_t end) {
    if (open()) into_.back().text = trim(block_.substr(text_begin_, end - text_begin_));
    text_begin_ = std::string_view::npos;
  }

  bool apart(std::size_t at) const { return at == 0 || is_space(block_[at - 1]); }
  bool starts_sentence(std::size_t at) const {
    while (at > 0 && (is_space(block_[at - 1]) || block_[at - 1] == '-' || block_[at - 1] == '*')) --at;
    return at == 0 || std::string_view(".;!?)]\"'").find(block_[at - 1]) != std::string_view::npos;
  }
  static bool unlike_prose(const ToldArgument& argument) {
    if (!argument.type.empty()) return is_small(argument.name.front());
    if (argument.name.find('_') != std::string_view::npos) return true;
    return is_small(argument.name.front()) &&
           std::ranges::any_of(argument.name, is_upper);
  }

  std::string_view block_;
  std::vector<ToldArgument>& into_;
  std::size_t text_begin_ = std::string_view::npos;  ///< of the argument that was added last
};

}  // namespace

ToldArguments told_arguments(std::string_view description) {
  ToldArguments told;
  for (Found heading = next_heading(description, 0); heading.block != Block::none;) {
    const Found next = next_heading(description, heading.after);
    const std::string_view block = description.substr(heading.after, next.word - heading.after);
    if (heading.block == Block::returns && told.returns.empty()) {
      std::string_view text = trim(block);
      while (text.ends_with('*') || text.ends_with('#')) text.remove_suffix(1);
      told.returns = trim(text);
    } else if (heading.block == Block::arguments && told.arguments.empty()) {
      const std::string_view first = block.substr(0, block.find('\n'));
      Told reading(block, told.arguments);
      if (trim(first).empty()) {
        reading.read_lines();
      } else {
        reading.read_run();
      }
    }
    heading = next;
  }
  return told;
}

std::string_view told_default(std::string_view description) {
  for (std::size_t at = 0; (at = description.find("efault", at)) != std::string_view::npos; ++at) {
    if (at == 0 || (description[at - 1] != 'd' && description[at - 1] != 'D')) continue;
    std::string_view rest = description.substr(at + 6);
    if (rest.starts_with("s")) rest.remove_prefix(1);
    bool named = false;
    for (const std::string_view link : {" value", ":", " to", " is", "=", " ="}) {
      if (!rest.starts_with(link)) continue;
      rest.remove_prefix(link.size());
      named = named || link != " value";
    }
    rest = trim(rest);
    const bool in_brackets = at >= 2 && description[at - 2] == '(';
    if ((!named && !in_brackets) || rest.empty()) continue;
    if (rest.front() == '"' || rest.front() == '\'' || rest.front() == '`') {
      const std::size_t close = rest.find(rest.front(), 1);
      if (close != std::string_view::npos) return rest.substr(0, close + 1);
    }
    std::size_t end = 0;
    while (end < rest.size() && std::string_view(",;)\n").find(rest[end]) == std::string_view::npos &&
           !(rest[end] == '.' && (end + 1 == rest.size() || is_space(rest[end + 1])))) {
      ++end;
    }
    if (end != 0 && end <= kLongestDefault) return trim(rest.substr(0, end));
  }
  return {};
}

}  // namespace doorward::risk
