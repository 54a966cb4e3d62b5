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
constexpr auto kPhrasals = std::to_array<PhrasalRow>({
#include "risk/rules/phrasals.inc"
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
  std::deque<VerbRow> phrasal_rows;
  WordTable<VerbHit> phrasals{3 * kPhrasals.size()};  ///< by `<form of the first> <particle>`
  WordTable<bool> particles{kPhrasals.size()};
  WordTable<std::uint32_t> nouns{2 * kNouns.size()};  ///< a bit a kind

  Index() {
    for (const VerbRow& row : kVerbs) verbs[row.word] = {&row, VerbForm::base};
    for (const VerbRow& row : kVerbs) {
      const VerbForms regular = forms_of(row.word);
      add(regular.third, {&row, VerbForm::third});
      add(regular.gerund, {&row, VerbForm::gerund});
    }
    for (const PhrasalRow& row : kPhrasals) {
      particles[row.particle] = true;
      const VerbRow& verb = phrasal_rows.emplace_back(
          forms.emplace_back(std::string(row.first) + "-" + std::string(row.particle)), row.category, Use::firm);
      const VerbForms regular = forms_of(row.first);
      add_phrasal(std::string(row.first), row, {&verb, VerbForm::base});
      add_phrasal(regular.third, row, {&verb, VerbForm::third});
      add_phrasal(regular.gerund, row, {&verb, VerbForm::gerund});
    }
    for (const NounRow& row : kNouns) {
      nouns[row.word] |= bit(row.noun);
      // A regular plural is spelled as a verb's third person.
      nouns[forms.emplace_back(forms_of(row.word).third)] |= bit(row.noun);
    }
  }

  static std::uint32_t bit(Noun noun) { return 1U << static_cast<unsigned>(noun); }

 private:
  void add_phrasal(const std::string& first, const PhrasalRow& row, VerbHit hit) {
    phrasals[forms.emplace_back(first + " " + std::string(row.particle))] = hit;
  }
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
std::span<const PhrasalRow> phrasals() {
  return kPhrasals;
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

VerbHit find_phrasal(std::string_view word, std::string_view next) {
  if (index().particles.find(next) == nullptr) return {};
  std::array<char, 32> both{};
  const std::size_t length = word.size() + 1 + next.size();
  if (length > both.size()) return {};
  auto end = std::ranges::copy(word, both.begin()).out;
  *end++ = ' ';
  std::ranges::copy(next, end);
  const VerbHit* const found = index().phrasals.find(std::string_view(both.data(), length));
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
