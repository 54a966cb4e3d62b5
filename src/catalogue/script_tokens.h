#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace doorward::catalogue {

/// One token of a text in JavaScript or TypeScript.
struct ScriptToken {
  enum class Kind : std::uint8_t {
    word,  ///< an identifier or a keyword, `#private` names too
    text,  ///< a string, or a template without parts that are computed
    number,
    pattern,  ///< a regular expression, or a template with parts that are computed, as a whole
    mark,     ///< one punctuator
  };
  static constexpr std::uint32_t kNone = 0xffffffff;

  Kind kind = Kind::mark;
  std::uint32_t begin = 0;  ///< byte offsets in the text
  std::uint32_t end = 0;
  std::uint32_t line = 0;         ///< of its first byte, from 1
  std::uint32_t last_line = 0;    ///< of its last byte
  std::uint32_t partner = kNone;  ///< of a bracket: the one that closes or opens it
  std::uint32_t inside = kNone;   ///< the bracket that opens what holds it
};

/// A text split into tokens, tolerantly: what is no JavaScript still gives tokens, brackets that have no
/// partner have none. Linear in the text; more than kMostTokens are left out.
class Script {
 public:
  static constexpr std::size_t kMostTokens = 4u << 20;

  explicit Script(std::string_view text);

  const std::vector<ScriptToken>& tokens() const { return tokens_; }
  std::size_t size() const { return tokens_.size(); }
  const ScriptToken& operator[](std::size_t index) const { return tokens_[index]; }
  /// The token as it stands in the text.
  std::string_view spelled(std::size_t index) const {
    return text_.substr(tokens_[index].begin, tokens_[index].end - tokens_[index].begin);
  }
  bool is(std::size_t index, std::string_view mark_or_word) const {
    return index < tokens_.size() && tokens_[index].kind != ScriptToken::Kind::text &&
           spelled(index) == mark_or_word;
  }
  bool is_word(std::size_t index) const {
    return index < tokens_.size() && tokens_[index].kind == ScriptToken::Kind::word;
  }
  /// The value of a string; escapes other than of quotes and backslashes stay as they are.
  std::string value(std::size_t index) const;

  /// Comments of a whole line that name a source file, as bundlers leave them before what they made of it.
  struct Origin {
    std::uint32_t line;
    std::string file;
  };
  const std::vector<Origin>& origins() const { return origins_; }
  /// What `//# sourceMappingURL=` says last, or empty.
  const std::string& source_map() const { return source_map_; }

 private:
  class Splitter;

  std::string_view text_;
  std::vector<ScriptToken> tokens_;
  std::vector<Origin> origins_;
  std::string source_map_;
};

}  // namespace doorward::catalogue
