#include "clients/toml_text.h"

#include <algorithm>
#include <charconv>

#include "json/scan.h"

namespace doorward::clients {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

void append_utf8(std::string& out, std::uint32_t code) {
  char bytes[4];
  if (code <= 0x10FFFF) out.append(bytes, json::utf8_encode(code, bytes));
}

/// Reads TOML as far as the places of keys and values go; the library has checked the rest.
class Scanner {
 public:
  explicit Scanner(std::string_view text, std::size_t at = 0) : text_(text), at_(at) {}

  std::vector<TomlStatement> statements() {
    std::vector<TomlStatement> out;
    KeyPath table;
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    for (;;) {
      skip_between();
      if (at_ >= text_.size()) return out;
      const std::size_t before = at_;
      TomlStatement statement;
      statement.begin = at_;
      if (text_[at_] == '[') {
        statement.header = true;
        at_ += text_.substr(at_).starts_with("[[") ? 2 : 1;
        statement.path = table = key();
        while (at_ < text_.size() && text_[at_] == ']') ++at_;
        statement.end = statement.value_begin = at_;
        statement.depth = table.size();
      } else {
        statement.depth = table.size();
        statement.path = table;
        pair(statement);
      }
      if (at_ == before) return out;
      out.push_back(std::move(statement));
    }
  }

  std::vector<TomlStatement> inline_pairs() {
    std::vector<TomlStatement> out;
    ++at_;
    for (;;) {
      skip_between();
      if (at_ < text_.size() && text_[at_] == ',') ++at_;
      skip_between();
      if (at_ >= text_.size() || text_[at_] == '}') return out;
      const std::size_t before = at_;
      TomlStatement statement;
      statement.begin = at_;
      pair(statement);
      if (at_ == before) return out;
      out.push_back(std::move(statement));
    }
  }

 private:
  void skip_between() {
    while (at_ < text_.size()) {
      if (text_[at_] == '#') at_ = std::min(text_.find('\n', at_), text_.size());
      else if (is_blank(text_[at_]) || text_[at_] == '\n' || text_[at_] == '\r') ++at_;
      else return;
    }
  }

  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }

  void pair(TomlStatement& statement) {
    for (std::string& word : key()) statement.path.push_back(std::move(word));
    skip_blanks();
    if (at_ < text_.size() && text_[at_] == '=') ++at_;
    skip_blanks();
    statement.value_begin = at_;
    statement.inline_value = at_ < text_.size() && text_[at_] == '{';
    value(0);
    statement.end = at_;
  }

  KeyPath key() {
    KeyPath path;
    for (;;) {
      skip_blanks();
      if (at_ >= text_.size()) return path;
      if (text_[at_] == '"' || text_[at_] == '\'') {
        const std::size_t begin = at_ + 1;
        const bool basic = text_[at_] == '"';
        string();
        const std::string_view raw = text_.substr(begin, at_ > begin ? at_ - 1 - begin : 0);
        path.push_back(basic ? unescaped(raw) : std::string(raw));
      } else {
        const std::size_t begin = at_;
        while (at_ < text_.size() && !is_blank(text_[at_]) && std::string_view(".]=\n\r#").find(text_[at_]) == std::string_view::npos) ++at_;
        path.emplace_back(text_.substr(begin, at_ - begin));
      }
      skip_blanks();
      if (at_ >= text_.size() || text_[at_] != '.') return path;
      ++at_;
    }
  }

  static std::string unescaped(std::string_view raw) {
    constexpr std::string_view kFrom = "btnfre\"\\";
    constexpr std::string_view kTo = "\b\t\n\f\r\x1B\"\\";
    std::string out;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] != '\\' || i + 1 >= raw.size()) {
        out += raw[i];
        continue;
      }
      const char c = raw[++i];
      if (c == 'u' || c == 'U') {
        const std::size_t digits = c == 'u' ? 4 : 8;
        std::uint32_t code = 0;
        const std::string_view hex = raw.substr(i + 1, digits);
        std::from_chars(hex.data(), hex.data() + hex.size(), code, 16);
        append_utf8(out, code);
        i += hex.size();
      } else if (const std::size_t which = kFrom.find(c); which != std::string_view::npos) {
        out += kTo[which];
      }
    }
    return out;
  }

  /// A string of any of the four kinds.
  void string() {
    const char quote = text_[at_];
    const std::string three(3, quote);
    if (text_.substr(at_).starts_with(three)) {
      at_ += 3;
      while (at_ < text_.size() && !text_.substr(at_).starts_with(three)) at_ += quote == '"' && text_[at_] == '\\' ? 2 : 1;
      at_ = std::min(at_ + 3, text_.size());
      // Up to two quotes may stand before the three that end it.
      for (int i = 0; i < 2 && at_ < text_.size() && text_[at_] == quote; ++i) ++at_;
      return;
    }
    ++at_;
    while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n') at_ += quote == '"' && text_[at_] == '\\' ? 2 : 1;
    at_ = std::min(at_ + 1, text_.size());
  }

  void value(int depth) {
    if (at_ >= text_.size() || depth > 100) return;
    const char c = text_[at_];
    if (c == '"' || c == '\'') return string();
    if (c == '[') {
      ++at_;
      for (;;) {
        skip_between();
        if (at_ < text_.size() && text_[at_] == ',') {
          ++at_;
          continue;
        }
        if (at_ >= text_.size()) return;
        if (text_[at_] == ']') break;
        const std::size_t before = at_;
        value(depth + 1);
        if (at_ == before) return;
      }
      ++at_;
      return;
    }
    if (c == '{') {
      ++at_;
      for (;;) {
        skip_between();
        if (at_ < text_.size() && text_[at_] == ',') {
          ++at_;
          continue;
        }
        if (at_ >= text_.size()) return;
        if (text_[at_] == '}') break;
        const std::size_t before = at_;
        key();
        skip_blanks();
        if (at_ < text_.size() && text_[at_] == '=') ++at_;
        skip_blanks();
        value(depth + 1);
        if (at_ == before) return;
      }
      ++at_;
      return;
    }
    const std::size_t begin = at_;
    at_ = std::min(text_.find_first_of(",]}#\r\n", at_), text_.size());
    while (at_ > begin && is_blank(text_[at_ - 1])) --at_;
  }

  std::string_view text_;
  std::size_t at_;
};

}  // namespace

std::vector<TomlStatement> toml_statements(std::string_view text) {
  return Scanner(text).statements();
}

std::vector<TomlStatement> toml_inline_pairs(std::string_view text, std::size_t open) {
  return Scanner(text, open).inline_pairs();
}

std::map<std::string, Span> toml_members(std::string_view text, const KeyPath& table) {
  std::map<std::string, Span> found;
  std::string current;
  for (const TomlStatement& statement : toml_statements(text)) {
    if (statement.path.size() <= table.size() || !has_prefix(statement.path, table)) {
      current.clear();
      continue;
    }
    const std::string& key = statement.path[table.size()];
    const auto [at, fresh] = found.try_emplace(key, Span{statement.begin, statement.end});
    const bool whole_lines = text[at->second.begin] == '[';
    if (whole_lines) at->second.end = remark_end(text, at->second.end);
    if (!fresh && key == current) at->second.end = whole_lines ? remark_end(text, statement.end) : statement.end;
    else if (!fresh) at->second = {};  // it comes in pieces
    current = key;
  }
  return found;
}

bool has_prefix(const KeyPath& path, const KeyPath& prefix) {
  return path.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), path.begin());
}

}  // namespace doorward::clients
