#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "risk/words.h"

namespace doorward::risk {

/// Where a phrase was found.
struct PhraseMatch {
  std::uint32_t phrase;  ///< which of the phrases
  std::uint32_t first;   ///< its first word
  std::uint32_t last;    ///< past its last word
};

/// Many phrases, looked for at once. A phrase is words in lower case with one space between:
///
///   `cannot|can't be undone`   alternatives of one word
///   `return ~ password`        `~`: at most four words between, of the same sentence
///
/// A word of the text counts as one of the phrase where it is that word or its plural in -s. Immutable; any
/// thread.
class Phrases {
 public:
  /// The texts must outlive the object.
  explicit Phrases(std::span<const std::string_view> phrases);

  /// Appends every match, in the order of the text; of one phrase that fits in two ways at one place the
  /// shortest.
  void find(const Words& words, std::vector<PhraseMatch>& matches) const;

 private:
  using Token = std::vector<std::string_view>;  ///< the alternatives; none: `~`

  void find_at(const Words& words, std::size_t at, std::string_view first,
               std::vector<PhraseMatch>& matches) const;

  std::vector<std::vector<Token>> phrases_;
  std::unordered_map<std::string_view, std::vector<std::uint32_t>> by_first_;
  std::bitset<1024> firsts_;  ///< of a mark of each first word, so that most words cost no lookup
};

/// Whether a sentence ends between this word and the one before it.
bool begins_sentence(const Words& words, std::size_t index);

}  // namespace doorward::risk
