#include "catalogue/script_tokens.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace doorward::catalogue {
namespace {

using Kind = ScriptToken::Kind;

bool is_word_byte(char c) {
  return is_alnum(c) || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}
/// Words behind which a slash begins a regular expression.
bool expects_value(std::string_view word) {
  constexpr std::array<std::string_view, 12> kWords = {"return", "typeof", "case", "in",   "of",    "delete",
                                                       "void",   "throw",  "new",  "else", "await", "yield"};
  return std::ranges::find(kWords, word) != kWords.end();
}

bool is_source_file(std::string_view path) {
  if (path.empty() || path.size() > 300 || path.find(' ') != std::string_view::npos ||
      path.find("://") != std::string_view::npos) {
    return false;
  }
  constexpr std::array<std::string_view, 8> kEndings = {".ts", ".tsx", ".mts", ".cts",
                                                        ".js", ".mjs", ".cjs", ".jsx"};
  return std::ranges::any_of(kEndings, [&](std::string_view ending) { return path.ends_with(ending); });
}

}  // namespace

class Script::Splitter {
 public:
  explicit Splitter(Script& script) : script_(script), text_(script.text_) {}

  void run() {
    while (at_ < text_.size() && script_.tokens_.size() < kMostTokens) step();
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void step() {
    const char c = peek();
    if (c == '\n') {
      ++line_;
      ++at_;
    } else if (c == ' ' || c == '\t' || c == '\r') {
      ++at_;
    } else if (c == '/' && peek(1) == '/') {
      line_comment();
    } else if (c == '/' && peek(1) == '*') {
      const std::size_t end = text_.find("*/", at_ + 2);
      advance(end == std::string_view::npos ? text_.size() : end + 2);
    } else if (c == '#' && peek(1) == '!' && at_ == 0) {
      advance(std::min(text_.find('\n'), text_.size()));
    } else if (c == '"' || c == '\'') {
      quoted(c);
    } else if (c == '`') {
      templated();
    } else if (c == '/' && begins_pattern()) {
      pattern();
    } else if (is_digit(c)) {
      word(Kind::number);
    } else if (is_word_byte(c) || (c == '#' && is_word_byte(peek(1)))) {
      word(Kind::word);
    } else {
      mark();
    }
  }

  /// Moves on and counts the lines.
  void advance(std::size_t end) {
    line_ += static_cast<std::uint32_t>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(at_),
                                                   text_.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
    at_ = end;
  }

  void add(Kind kind, std::size_t begin, std::uint32_t line) {
    ScriptToken token;
    token.kind = kind;
    token.begin = static_cast<std::uint32_t>(begin);
    token.end = static_cast<std::uint32_t>(at_);
    token.line = line;
    token.last_line = line_;
    token.inside = open_.empty() ? ScriptToken::kNone : open_.back();
    script_.tokens_.push_back(token);
  }

  void line_comment() {
    const std::size_t end = std::min(text_.find('\n', at_), text_.size());
    std::string_view said = text_.substr(at_ + 2, end - at_ - 2);
    const bool whole_line = at_ == 0 || text_[at_ - 1] == '\n';
    at_ = end;
    while (said.ends_with('\r') || said.ends_with(' ')) said.remove_suffix(1);
    constexpr std::string_view kMap = "# sourceMappingURL=";
    if (said.starts_with(kMap)) script_.source_map_ = said.substr(kMap.size());
    if (whole_line && said.starts_with(' ') && is_source_file(said.substr(1))) {
      script_.origins_.push_back({line_, std::string(said.substr(1))});
    }
  }

  void quoted(char quote) {
    const std::size_t begin = at_++;
    const std::uint32_t line = line_;
    while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n') {
      if (text_[at_] == '\\' && peek(1) == '\n') ++line_;
      at_ += text_[at_] == '\\' ? 2 : 1;
    }
    at_ = std::min(at_, text_.size());
    if (peek() == quote) ++at_;
    add(Kind::text, begin, line);
  }

  /// A template is one token; what is computed in it is passed over by counting braces.
  void templated() {
    const std::size_t begin = at_++;
    const std::uint32_t line = line_;
    bool computed = false;
    std::size_t depth = 0;
    while (at_ < text_.size() && (depth > 0 || text_[at_] != '`')) {
      const char c = text_[at_];
      if (c == '\n') ++line_;
      if (c == '\\') {
        if (peek(1) == '\n') ++line_;
        at_ += 2;
        continue;
      }
      if (c == '$' && peek(1) == '{') {
        computed = true;
        ++depth;
        ++at_;
      } else if (depth > 0 && c == '{') {
        ++depth;
      } else if (depth > 0 && c == '}') {
        --depth;
      }
      ++at_;
    }
    at_ = std::min(at_ + 1, text_.size());
    add(computed ? Kind::pattern : Kind::text, begin, line);
  }

  bool begins_pattern() const {
    if (script_.tokens_.empty()) return true;
    const ScriptToken& last = script_.tokens_.back();
    const std::string_view spelled = text_.substr(last.begin, last.end - last.begin);
    if (last.kind == Kind::word) return expects_value(spelled);
    if (last.kind != Kind::mark) return false;
    return spelled != ")" && spelled != "]" && spelled != "}";
  }

  void pattern() {
    const std::size_t begin = at_++;
    bool in_class = false;
    while (at_ < text_.size() && text_[at_] != '\n' && (in_class || text_[at_] != '/')) {
      if (text_[at_] == '[') in_class = true;
      if (text_[at_] == ']') in_class = false;
      at_ += text_[at_] == '\\' ? 2 : 1;
    }
    at_ = std::min(at_, text_.size());
    if (peek() == '/') ++at_;
    while (is_word_byte(peek())) ++at_;
    add(Kind::pattern, begin, line_);
  }

  void word(Kind kind) {
    const std::size_t begin = at_++;
    while (is_word_byte(peek()) || (kind == Kind::number && peek() == '.')) ++at_;
    add(kind, begin, line_);
  }

  void mark() {
    const std::size_t begin = at_;
    const char c = text_[at_++];
    if (c == '=' && peek() == '>') ++at_;
    const bool opens = c == '(' || c == '[' || c == '{';
    const bool closes = c == ')' || c == ']' || c == '}';
    if (closes && !open_.empty()) {
      const char expected = c == ')' ? '(' : c == ']' ? '[' : '{';
      // A bracket that does not fit closes nothing, so that one stray bracket does not turn the rest inside
      // out.
      if (text_[script_.tokens_[open_.back()].begin] == expected) {
        const std::uint32_t partner = open_.back();
        open_.pop_back();
        add(Kind::mark, begin, line_);
        script_.tokens_.back().partner = partner;
        script_.tokens_[partner].partner = static_cast<std::uint32_t>(script_.tokens_.size() - 1);
        return;
      }
    }
    add(Kind::mark, begin, line_);
    if (opens) open_.push_back(static_cast<std::uint32_t>(script_.tokens_.size() - 1));
  }

  Script& script_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
  std::vector<std::uint32_t> open_;
};

Script::Script(std::string_view text) : text_(text) {
  Splitter(*this).run();
}

std::string Script::value(std::size_t index) const {
  std::string_view raw = spelled(index);
  if (raw.size() < 2) return {};
  raw = raw.substr(1, raw.size() - 2);
  if (raw.find('\\') == std::string_view::npos) return std::string(raw);
  std::string out;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '\\' && i + 1 < raw.size() &&
        (raw[i + 1] == '\\' || raw[i + 1] == '\'' || raw[i + 1] == '"' || raw[i + 1] == '`'))
      ++i;
    out += raw[i];
  }
  return out;
}

}  // namespace doorward::catalogue
