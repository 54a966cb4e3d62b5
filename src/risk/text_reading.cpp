#include <algorithm>
#include <string>

#include "risk/category.h"
#include "risk/phrase.h"
#include "risk/reading.h"
#include "risk/vocabulary.h"

namespace doorward::risk {
namespace {

constexpr std::size_t kMostSentences = 3;   ///< looked into for a verb
constexpr std::size_t kMostLeadWords = 40;  ///< of a sentence, before its verb
constexpr std::size_t kMostNounWords = 12;  ///< of a sentence without a verb
constexpr std::size_t kNear = 6;            ///< words between a verb and what it is done to
constexpr std::size_t kFar = 8;             ///< words between a verb and the next that is enumerated with it
constexpr std::size_t kFarOfMild = 14;      ///< the same of one that reads or is vague: `scan ... and add them`

bool is_ascii(std::string_view word) {
  return std::ranges::all_of(word, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool one_of(std::string_view word, std::initializer_list<std::string_view> list) {
  return std::ranges::find(list, word) != list.end();
}

bool ends_sentence(std::string_view gap) {
  for (std::size_t i = 0; i < gap.size(); ++i) {
    const char c = gap[i];
    const bool last = i + 1 == gap.size();
    if ((c == '.' || c == '!' || c == '?') &&
        (last || gap[i + 1] == ' ' || gap[i + 1] == '\n' || gap[i + 1] == '\r'))
      return true;
    if (c == '\n' && !last &&
        (gap[i + 1] == '\n' || gap[i + 1] == '-' || gap[i + 1] == '*' || gap[i + 1] == '#'))
      return true;
    if (c == '>') return true;  // the end of a tag
  }
  return false;
}

class TextReader {
 public:
  TextReader(std::string_view text, const Words& words, int money)
      : text_(text), words_(words), money_(money) {}

  TextReading read() {
    read_head();
    read_phrases();
    return std::move(result_);
  }

 private:
  std::string_view quote(std::size_t from, std::size_t to) const {
    return text_.substr(words_.begin_of(from),
                        words_.end_of(std::min(to, words_.size() - 1)) - words_.begin_of(from));
  }
  Reading reading(Category category, Weight weight, std::string rule, std::size_t from,
                  std::size_t to) const {
    return {category,
            weight,
            {EvidenceSource::description, std::move(rule), "/description",
             std::string(cut_at_character(quote(from, to))), std::string(doorward::to_string(category))}};
  }

  /// The sentence that begins at a word ends before the one returned.
  std::size_t sentence_end(std::size_t begin) const {
    std::size_t end = begin + 1;
    while (end < words_.size() && !ends_sentence(words_.gap(end))) ++end;
    return end;
  }

  void read_head() {
    std::size_t begin = 0;
    for (std::size_t n = 0; n < kMostSentences && begin < words_.size() && !result_.head; ++n) {
      const std::size_t end = sentence_end(begin);
      if (one_of(words_[begin],
                 {"args", "arguments", "parameters", "params", "returns", "example", "examples"}) &&
          begin > 0)
        return;
      read_sentence(begin, std::min(end, begin + kMostLeadWords), end, n == 0);
      begin = end;
    }
    if (!result_.head) read_nouns();
  }

  /// A first sentence without a verb that names what one asks for: `Details about a zone`.
  void read_nouns() {
    if (words_.empty()) return;
    const std::size_t end = std::min(sentence_end(0), kMostNounWords);
    for (std::size_t i = 0; i < end; ++i) {
      if (!is_noun(words_[i], Noun::asked)) continue;
      result_.head = reading(Category::read, Weight::weak, "noun." + std::string(words_[i]), i,
                             std::min(i + kNear, end - 1));
      return;
    }
  }

  void read_sentence(std::size_t begin, std::size_t lead_end, std::size_t end, bool first) {
    bool displaced = false;
    bool bracketed = false;  // in the brackets of a label: `[Mail operations] List ...`
    for (std::size_t i = begin; i < lead_end; ++i) {
      const std::string_view word = words_[i];
      // Behind a label (`[Projects] List ...`, `RPC: Check ...`) the sentence begins anew.
      const std::string_view gap = words_.gap(i);
      if (i > begin && (gap.starts_with(':') || gap.find(']') != std::string_view::npos)) {
        displaced = false;
        begin = i;
      }
      if (const std::size_t bracket = gap.find_last_of("[]"); bracket != std::string_view::npos)
        bracketed = gap[bracket] == '[';
      if (bracketed || gap.ends_with('<')) continue;  // `<end>` is a placeholder
      if (!is_ascii(word) && read_run(i, first)) return;
      if (is_method(i, end)) return;
      const VerbHit hit = verb_at(i, end);
      if (hit && is_verb_here(hit, i, begin, displaced) && !leads(i, end)) {
        take(hit, i, end, first && !displaced ? Weight::strong : Weight::fair);
        if (result_.head) return;
      }
      if (!is_noun(word, Noun::filler)) displaced = true;
    }
  }

  /// The verb at a word, both words of it where it has two: `Rolls back a release`.
  VerbHit verb_at(std::size_t i, std::size_t end) const {
    if (i + 1 < end && (words_.gap(i + 1) == " " || words_.gap(i + 1) == "-")) {
      const VerbHit both = find_phrasal(words_[i], words_[i + 1]);
      const bool preposition =
          words_[i + 1] == "in" && i + 2 < end && !one_of(words_[i + 2], {"a", "an", "to", "as", "and", "with"});
      if (both && !preposition) return both;
    }
    return find_verb(words_[i]);
  }

  /// `Allows you to delete`, `helps agents to send`: the verb that follows is meant.
  bool leads(std::size_t i, std::size_t end) const {
    if (!is_noun(words_[i], Noun::filler)) return false;
    for (std::size_t next = i + 1; next + 1 < std::min(end, i + kNear); ++next) {
      if (words_[next] == "to" && find_verb(words_[next + 1])) return true;
    }
    return false;
  }

  /// A verb at the head, or where something before it makes it one: `tool for retrieving`, `used to delete`.
  bool is_verb_here(const VerbHit& hit, std::size_t i, std::size_t begin, bool displaced) const {
    const std::string_view before = i > begin ? words_[i - 1] : std::string_view();
    if (i + 1 < words_.size() &&
        (is_compound(words_[i], words_[i + 1]) || words_.gap(i + 1).starts_with(':')))
      return false;  // `Note: ...` is a label
    if (before == "to" && i == begin + 1) return false;  // `To go on with ..., switch to ...`
    if (one_of(before, {"not", "never", "no", "without", "t"})) return false;
    if (!displaced) {
      if (hit.form == VerbForm::gerund)
        return i == begin || one_of(before, {"for", "by", "allows", "enables", "of"});
      if (hit.row->use == Use::noun &&
          one_of(before, {"a", "an", "the", "this", "of", "for", "in", "with", "new", "your"}))
        return false;
      return true;
    }
    if (hit.form == VerbForm::gerund) return one_of(before, {"for", "by"});
    if (hit.form == VerbForm::third)
      return hit.row->use == Use::firm && one_of(before, {"that", "which", "tool", "it", "and"});
    return one_of(before, {"to", "can", "will", "must"}) && hit.row->use != Use::noun;
  }

  /// Takes a verb and those that are enumerated with it; the riskiest decides.
  void take(const VerbHit& first, std::size_t at, std::size_t end, Weight weight) {
    std::size_t best_at = at;
    Category best = meaning(first, at, end);
    std::string rule = "verb." + std::string(first.row->word);
    std::string best_rule = decided_ ? *decided_ : rule;
    Use use = first.row->use;
    std::size_t last = at;
    // `Interact with a repository: list, create and delete branches`: what is meant is enumerated behind it.
    const bool vague = one_of(first.row->word, {"manage", "interact", "handle", "operate"});
    const std::size_t far = vague || best == Category::read ? kFarOfMild : kFar;
    for (std::size_t i = at + 1; i < end && i < last + far; ++i) {
      const VerbHit hit = verb_at(i, end);
      if (!hit || hit.form != first.form) continue;
      // `Builds and runs an app`: a light verb beside another says that it is done, too.
      if (hit.row->use == Use::light && !(i == last + 2 && words_[i - 1] == "and")) continue;
      const std::string_view gap = words_.gap(i);
      const bool listed = gap.find_first_of(vague ? ",/&|+:(-" : ",/&|+") != std::string_view::npos;
      const bool adverb = i >= at + 2 && words_[i - 1].ends_with("ly");  // `and automatically add`
      const bool joined = one_of(words_[i - (adverb ? 2 : 1)], {"and", "or", "then"});
      if (!listed && !joined) continue;
      // With other words between them the second is a verb only where it has an object: `get view and edit
      // rights`.
      const bool adjacent = i == last + 1 || (i == last + 2 && joined);
      const bool has_object =
          i + 1 < end && one_of(words_[i + 1], {"a", "an", "the", "all", "any", "its", "their", "it", "them",
                                                "this", "new", "existing", "optionally"});
      if (!adjacent && !(vague && hit.row->use == Use::firm) && (hit.row->use == Use::noun || !joined || !has_object)) continue;
      if (hit.row->use == Use::noun && i + 1 < end && !listed && words_[i + 1] == "of") continue;
      last = i;
      const Category category = meaning(hit, i, end);
      if (category != best && riskier(category, best) == category) {
        best = category;
        best_at = i;
        best_rule = decided_ ? *decided_ : "verb." + std::string(hit.row->word);
        use = adjacent ? first.row->use : hit.row->use;  // beside a verb it is one
      }
    }
    // `Returns a message after deleting the project`.
    for (std::size_t i = at + 1; first.row->word == "return" && i + 1 < end; ++i) {
      const VerbHit done = find_verb(words_[i + 1]);
      if (words_[i] != "after" || done.form != VerbForm::gerund || !done) continue;
      best = done.row->category;
      best_at = i + 1;
      best_rule = "verb." + std::string(done.row->word);
      break;
    }
    if (best == Category::other) return;
    if (best_rule == "together.code") use = Use::firm;  // what is run is said
    const Weight worth = use == Use::firm ? weight : (weight == Weight::strong ? Weight::fair : Weight::weak);
    result_.head = reading(best, worth, best_rule, best_at, std::min(best_at + kNear, end - 1));
  }

  /// What a verb means by what it is done to; Other where it says nothing.
  Category meaning(const VerbHit& hit, std::size_t at, std::size_t end) {
    decided_.reset();
    const std::size_t near = std::min(end, at + 1 + kNear);
    if (hit.row->use == Use::light) {
      for (std::size_t i = at + 1; i < near; ++i) {
        if (is_noun(words_[i], Noun::code)) {
          decided_ = "together.code";
          break;
        }
        if (is_noun(words_[i], Noun::inquiry)) {
          decided_ = "noun." + std::string(words_[i]);
          return Category::read;
        }
      }
    }
    Category category = hit.row->category;
    for (const TogetherRow& row : togethers()) {
      if (row.context > money_) continue;
      if (!has_word(row.verbs, hit.row->word)) continue;
      for (std::size_t i = at + 1; i < std::min(near, at + 4); ++i) {
        if (!is_noun(words_[i], row.noun) || one_of(words_[i - 1], {"and", "or"})) continue;
        if (is_about_another(row, i, end)) continue;
        const Category together = row.than == Than::either ? row.category : riskier(category, row.category);
        if (together == category) break;
        category = together;
        decided_ = "together." + std::string(row.id);
        break;
      }
    }
    return category;
  }

  /// `Send a payment reminder`; and `clean the HTML cache` cleans no HTML.
  bool is_about_another(const TogetherRow& row, std::size_t noun, std::size_t end) const {
    if (noun + 1 >= end || words_.gap(noun + 1) != " ") return false;
    const std::string_view next = words_[noun + 1];
    if (is_noun(next, Noun::about)) return true;
    return row.category == Category::read &&
           !one_of(next, {"and", "as", "at", "by", "for", "from", "in", "into", "of", "or", "to", "using", "with"});
  }

  static bool has_word(std::string_view list, std::string_view word) {
    for (std::size_t at = list.find(word); at != std::string_view::npos; at = list.find(word, at + 1)) {
      if ((at == 0 || list[at - 1] == ' ') &&
          (at + word.size() == list.size() || list[at + word.size()] == ' '))
        return true;
    }
    return false;
  }

  /// `POST /v1/users`: a request's line.
  bool is_method(std::size_t i, std::size_t end) {
    if (i + 1 >= end || !words_.gap(i + 1).starts_with(" /")) return false;
    const std::string_view spelled = quote(i, i);
    const std::pair<std::string_view, Category> methods[] = {
        {"GET", Category::read},  {"HEAD", Category::read},   {"POST", Category::write},
        {"PUT", Category::write}, {"PATCH", Category::write}, {"DELETE", Category::destructive}};
    for (const auto& [method, category] : methods) {
      if (spelled != method) continue;
      result_.head = reading(category, Weight::strong, "method." + std::string(words_[i]), i, i + 2);
      return true;
    }
    return false;
  }

  /// The first verb in a run of a language without spaces.
  bool read_run(std::size_t at, bool first) {
    const std::string_view word = words_[at];
    const RunRow* found = nullptr;
    std::size_t where = std::string_view::npos;
    for (const RunRow& row : run_verbs()) {
      const std::size_t place = word.substr(0, 90).find(row.word);
      if (place == std::string_view::npos) continue;
      if (place < where || (place == where && row.word.size() > found->word.size())) {
        where = place;
        found = &row;
      }
    }
    if (found == nullptr) return false;
    result_.head = reading(found->category, first ? Weight::strong : Weight::fair,
                           "verb." + std::string(found->id), at, at);
    return true;
  }

  void read_phrases() {
    std::vector<PhraseMatch> matches;
    known_phrases().find(words_, matches);
    for (const PhraseMatch& match : matches) {
      const PhraseRow& row = phrases()[match.phrase];
      if (row.tells != Tells::harmless && negated(match.first)) continue;
      keep(row, reading(row.category, Weight::strong, "phrase." + std::string(row.id), match.first,
                        match.last - 1));
    }
  }

  static const Phrases& known_phrases() {
    static const Phrases known = [] {
      std::vector<std::string_view> texts;
      for (const PhraseRow& row : phrases()) texts.push_back(row.words);
      return Phrases(texts);
    }();
    return known;
  }

  bool negated(std::size_t at) const {
    for (std::size_t back = 1; back <= 3 && back <= at; ++back) {
      if (one_of(words_[at - back],
                 {"not", "never", "no", "non", "without", "isn", "doesn", "avoid", "cannot", "don"}))
        return true;
      if (ends_sentence(words_.gap(at - back + 1))) return false;
    }
    return false;
  }

  void keep(const PhraseRow& row, Reading reading) {
    std::optional<Reading>& slot = row.tells == Tells::warning    ? result_.warning
                                   : row.tells == Tells::harmless ? result_.harmless
                                                                  : result_.phrase;
    if (!slot ||
        (reading.category != slot->category && riskier(reading.category, slot->category) == reading.category))
      slot = std::move(reading);
  }

  std::string_view text_;
  const Words& words_;
  int money_;
  std::optional<std::string> decided_;  ///< the rule that changed the meaning of the verb looked at last
  TextReading result_;
};

}  // namespace

TextReading read_description(std::string_view text, const Words& words, int money_places) {
  return TextReader(text, words, money_places).read();
}

}  // namespace doorward::risk
