#include "risk/vocabulary.h"

#include <algorithm>
#include <array>
#include <bit>
#include <deque>
#include <string>
#include <vector>

#include "risk/words.h"

namespace doorward::risk {
namespace {

constexpr auto kVerbs = std::to_array<VerbRow>({
#include "risk/rules/foreign_verbs.inc"
#include "risk/rules/verbs.inc"
});
constexpr auto kRunVerbs = std::to_array<RunRow>({
#include "risk/rules/run_verbs.inc"
});
constexpr auto kCompounds = std::to_array<CompoundRow>({
#include "risk/rules/compounds.inc"
});
constexpr auto kNouns = std::to_array<NounRow>({
#include "risk/rules/nouns.inc"
});
constexpr auto kTogethers = std::to_array<TogetherRow>({
#include "risk/rules/togethers.inc"
});
constexpr auto kPhrases = std::to_array<PhraseRow>({
#include "risk/rules/phrases.inc"
});
constexpr auto kParameters = std::to_array<ParameterRow>({
#include "risk/rules/parameters.inc"
});

/// Words and what is known of them: an open table that is filled once. Most words of a text are in none, so a
/// look is one comparison.
template <typename Known>
class WordTable {
 public:
  explicit WordTable(std::size_t words) : slots_(std::bit_ceil(words * 3)) {}

  /// What stands for a word; a new entry where there is none.
  Known& operator[](std::string_view word) {
    Slot& slot = slots_[place(word)];
    slot.word = word;
    return slot.known;
  }
  const Known* find(std::string_view word) const {
    const Slot& slot = slots_[place(word)];
    return slot.word.empty() ? nullptr : &slot.known;
  }

 private:
  struct Slot {
    std::string_view word;
    Known known{};
  };

  std::size_t place(std::string_view word) const {
    std::uint64_t mixed = word.size();
    for (const char c : word.substr(0, kHashed))
      mixed = (mixed ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = (mixed ^ (mixed >> 29U)) & mask;
    while (!slots_[at].word.empty() && slots_[at].word != word) at = (at + 1) & mask;
    return at;
  }

  static constexpr std::size_t kHashed = 24;  ///< bytes of a word; the rest is compared alone
  std::vector<Slot> slots_;
};

/// The tables by word; built once, read by any thread.
struct Index {
  std::deque<std::string> forms;  ///< what keys refer to beside the rows themselves
  WordTable<VerbHit> verbs{3 * kVerbs.size()};
  WordTable<std::uint32_t> nouns{2 * kNouns.size()};  ///< a bit a kind

  Index() {
    for (const VerbRow& row : kVerbs) verbs[row.word] = {&row, VerbForm::base};
    for (const VerbRow& row : kVerbs) {
      const VerbForms regular = forms_of(row.word);
      add(regular.third, {&row, VerbForm::third});
      add(regular.gerund, {&row, VerbForm::gerund});
    }
    for (const NounRow& row : kNouns) {
      nouns[row.word] |= bit(row.noun);
      // A regular plural is spelled as a verb's third person.
      nouns[forms.emplace_back(forms_of(row.word).third)] |= bit(row.noun);
    }
  }

  static std::uint32_t bit(Noun noun) { return 1U << static_cast<unsigned>(noun); }

 private:
  /// A verb's own row is never hidden by another's form.
  void add(const std::string& form, VerbHit hit) {
    if (verbs.find(form) == nullptr) verbs[forms.emplace_back(form)] = hit;
  }
};

const Index& index() {
  static const Index built;
  return built;
}

}  // namespace

std::span<const VerbRow> verbs() {
  return kVerbs;
}
std::span<const CompoundRow> compounds() {
  return kCompounds;
}
std::span<const RunRow> run_verbs() {
  return kRunVerbs;
}
std::span<const NounRow> nouns() {
  return kNouns;
}
std::span<const TogetherRow> togethers() {
  return kTogethers;
}
std::span<const PhraseRow> phrases() {
  return kPhrases;
}
std::span<const ParameterRow> parameters() {
  return kParameters;
}

VerbHit find_verb(std::string_view word) {
  const VerbHit* const found = index().verbs.find(word);
  return found == nullptr ? VerbHit{} : *found;
}

bool is_compound(std::string_view word, std::string_view next) {
  return std::ranges::any_of(kCompounds,
                             [&](const CompoundRow& row) { return row.first == word && row.second == next; });
}

bool is_noun(std::string_view word, Noun noun) {
  const std::uint32_t* const kinds = index().nouns.find(word);
  return kinds != nullptr && (*kinds & Index::bit(noun)) != 0;
}

}  // namespace doorward::risk
