#include "risk/vocabulary.h"

#include <algorithm>
#include <array>
#include <deque>
#include <string>
#include <unordered_map>
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

/// The tables by word; built once, read by any thread.
struct Index {
  std::deque<std::string> forms;  ///< what the keys of verbs refer to beside the rows themselves
  std::unordered_map<std::string_view, VerbHit> verbs;
  std::unordered_map<std::string_view, std::uint32_t> nouns;  ///< a bit a kind
  std::unordered_map<std::string_view, std::vector<const PhraseRow*>> phrases;

  Index() {
    for (const VerbRow& row : kVerbs) verbs[row.word] = {&row, VerbForm::base};
    for (const VerbRow& row : kVerbs) {
      const VerbForms regular = forms_of(row.word);
      // A verb's own row is never hidden by another's form.
      verbs.try_emplace(forms.emplace_back(regular.third), VerbHit{&row, VerbForm::third});
      verbs.try_emplace(forms.emplace_back(regular.gerund), VerbHit{&row, VerbForm::gerund});
    }
    for (const NounRow& row : kNouns) nouns[row.word] |= 1U << static_cast<unsigned>(row.noun);
    for (const PhraseRow& row : kPhrases)
      phrases[row.words.substr(0, row.words.find(' '))].push_back(&row);
  }
};

const Index& index() {
  static const Index built;
  return built;
}

std::uint32_t kinds_of(std::string_view word) {
  const auto found = index().nouns.find(word);
  return found == index().nouns.end() ? 0 : found->second;
}

}  // namespace

std::span<const VerbRow> verbs() {
  return kVerbs;
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
  const auto found = index().verbs.find(word);
  return found == index().verbs.end() ? VerbHit{} : found->second;
}

bool is_noun(std::string_view word, Noun noun) {
  const std::uint32_t bit = 1U << static_cast<unsigned>(noun);
  if ((kinds_of(word) & bit) != 0) return true;
  return word.ends_with('s') && (kinds_of(singular(word)) & bit) != 0;
}

std::span<const PhraseRow* const> phrases_from(std::string_view first_word) {
  const auto found = index().phrases.find(first_word);
  if (found == index().phrases.end()) return {};
  return found->second;
}

}  // namespace doorward::risk
