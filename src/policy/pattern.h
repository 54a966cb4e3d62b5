#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace doorward::policy {

/// A regular expression of the policy language: RE2 syntax, searched anywhere unless anchored, `^` and `$`
/// being the ends of the text. Immutable; matching is linear in the text and safe from any number of threads.
/// RE2 keeps a cache of bounded size behind a lock of its own, so a match may allocate inside RE2.
class Pattern {
 public:
  /// At most this many instructions (RE2's own count).
  static constexpr int kMaxProgram = 10'000;

  /// Fails with one clause: RE2's reason, the `m` flag, `\C`, or a program that is too large.
  static std::expected<Pattern, std::string> compile(std::string_view pattern);

  ~Pattern();
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;

  bool search(std::string_view text) const;

  /// Whether every match must begin at the start and end at the end of the text, as far as the spelling
  /// shows: `^` or `\A` first and `$` or `\z` last, outside of any alternation at the top.
  static bool looks_anchored(std::string_view pattern);

 private:
  explicit Pattern(std::unique_ptr<re2::RE2> regex);
  std::unique_ptr<re2::RE2> regex_;
};

}  // namespace doorward::policy
