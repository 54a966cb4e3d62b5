#include <algorithm>
#include <string>

#include "risk/category.h"
#include "risk/reading.h"
#include "risk/vocabulary.h"

namespace doorward::risk {
namespace {

constexpr std::size_t kMostWords = 24;

/// A name that asks (`is_deleted`, `can_delete`, `how_to_drop`) reads.
bool asks(std::string_view word) {
  constexpr std::string_view kAsking[] = {"is",    "are",   "has", "have",  "can", "does", "how",   "what",
                                          "which", "who",   "where", "why", "when", "should", "whats", "whos"};
  return std::ranges::find(kAsking, word) != std::end(kAsking);
}

bool joins(std::string_view word) {
  return word == "and" || word == "or" || word == "then" || word == "n";
}

Reading reading(Category category, Weight weight, std::string rule, std::string_view words) {
  return {category,
          weight,
          {EvidenceSource::name, std::move(rule), "/name", std::string(cut_at_character(words)),
           std::string(doorward::to_string(category))}};
}

class NameReader {
 public:
  NameReader(std::string_view name, const Words& words, int money)
      : name_(name), words_(words), count_(std::min(words.size(), kMostWords)), money_(money) {}

  std::optional<Reading> read() {
    if (count_ == 0) return std::nullopt;
    if (asks(words_[0]) && count_ > 1)
      return reading(Category::read, Weight::strong, "noun.question", text(0));
    std::optional<Reading> best = by_verb();
    if (!best) best = by_noun();
    if (!best) best = by_joined();
    raise_together(best);
    return best;
  }

 private:
  std::string_view text(std::size_t at) const {
    return name_.substr(words_.begin_of(at), words_.end_of(at) - words_.begin_of(at));
  }
  std::string_view text(std::size_t from, std::size_t to) const {
    return name_.substr(words_.begin_of(from), words_.end_of(to) - words_.begin_of(from));
  }
  const VerbRow* phrasal(std::size_t at) const {
    if (at + 1 == count_) return nullptr;
    const VerbHit hit = find_phrasal(words_[at], words_[at + 1]);
    return hit && hit.form == VerbForm::base ? hit.row : nullptr;
  }
  const VerbRow* verb(std::size_t at) const {
    if (const VerbRow* both = phrasal(at)) return both;
    const VerbHit hit = find_verb(words_[at]);
    if (!hit || hit.form != VerbForm::base) return nullptr;
    return begins_compound(at) ? nullptr : hit.row;
  }
  bool begins_compound(std::size_t at) const {
    return at + 1 < count_ && is_compound(words_[at], words_[at + 1]);
  }
  std::size_t verb_end(std::size_t at) const { return phrasal(at) != nullptr ? at + 2 : at + 1; }
  Reading of_verb(std::size_t at, Weight weight) {
    verb_at_ = at;
    return reading(verb(at)->category, weight, "verb." + std::string(verb(at)->word),
                   text(at, verb_end(at) - 1));
  }

  std::optional<Reading> by_verb() {
    std::vector<std::size_t> firm;
    std::vector<std::size_t> unsure;
    for (std::size_t i = 0; i < count_; ++i) {
      const VerbRow* row = verb(i);
      if (row != nullptr) (row->use == Use::noun ? unsure : firm).push_back(i);
    }
    // `set_run_note`: a light verb amid others is a noun where the name begins with a verb that changes something.
    const bool light = !firm.empty() && firm.front() > 0 && verb_end(firm.back()) != count_ &&
                       std::ranges::all_of(firm, [&](std::size_t i) { return verb(i)->use == Use::light; });
    if (light && !unsure.empty() && unsure.front() == 0 && verb(0)->category != Category::read)
      return of_verb(0, Weight::weak);
    if (!firm.empty()) {
      Reading best = of_verb(firm.front(), firm.front() == 0 ? Weight::strong : Weight::fair);
      // Behind a prefix (a server's name, a noun) the verb may stand at the end; `get_or_create` has two.
      for (const std::size_t i : firm) {
        const bool joined = i > 0 && joins(words_[i - 1]);
        const bool ends = firm.front() != 0 && verb_end(i) == count_;
        if ((!joined && !ends) || riskier(verb(i)->category, best.category) == best.category) continue;
        const Category other = best.category;
        best = of_verb(i, best.weight);
        if (!joined) best.otherwise = other;
      }
      // `status_purge` may be what purges or the status of it: the description knows.
      if (verb_at_ != 0 && is_noun(words_[0], Noun::asked) && best.category != Category::read)
        best.otherwise = Category::read;
      return best;
    }
    if (unsure.empty()) return std::nullopt;
    // `refund_status` asks for the status of one.
    if (verb(unsure.front())->category == Category::financial && unsure.front() + 1 != count_ &&
        is_noun(words_[count_ - 1], Noun::asked)) {
      return std::nullopt;
    }
    if (unsure.front() == 0) return of_verb(0, Weight::weak);
    // `browser_snapshot`, `slack_post_message`: at the end, or behind one word.
    const std::size_t last = unsure.back();
    if (unsure.front() == 1 && count_ > 2) return of_verb(1, Weight::weak);
    if (last + 1 == count_) return of_verb(last, Weight::weak);
    return std::nullopt;
  }

  std::optional<Reading> by_noun() const {
    const std::size_t last = count_ - 1;
    if (!is_noun(words_[last], Noun::reading) && !is_noun(words_[last], Noun::asked)) return std::nullopt;
    return reading(Category::read, Weight::weak, "noun." + std::string(words_[last]), text(last));
  }

  /// A verb and its noun written as one word: `deleteuser`.
  std::optional<Reading> by_joined() {
    constexpr std::string_view kVerbs[] = {"cancel", "create", "delete", "download", "execute", "fetch",
                                           "find",   "get",    "insert", "list",     "publish", "remove",
                                           "revoke", "search", "send",   "update",   "upload"};
    for (std::size_t i = 0; i < count_; ++i) {
      for (const std::string_view prefix : kVerbs) {
        if (!words_[i].starts_with(prefix)) continue;
        const std::string_view rest = words_[i].substr(prefix.size());
        if (rest.size() < 4 || !is_thing(rest)) continue;
        const VerbRow& row = *find_verb(prefix).row;
        return reading(row.category, Weight::fair, "verb." + std::string(prefix), text(i));
      }
    }
    return std::nullopt;
  }
  static bool is_thing(std::string_view word) {
    constexpr Noun kThings[] = {Noun::reading, Noun::money, Noun::commitment, Noun::order,
                                Noun::media,   Noun::ticket, Noun::process,   Noun::kept};
    return std::ranges::any_of(kThings, [&](Noun noun) { return is_noun(word, noun); });
  }

  /// What the name's verb means beside its nouns.
  void raise_together(std::optional<Reading>& best) {
    const bool reads = best && best->category == Category::read && best->weight != Weight::weak;
    for (const TogetherRow& row : togethers()) {
      if (row.context > money_) continue;
      std::size_t at = 0;
      while (at < count_ && (!holds(row.verbs, words_[at]) || begins_compound(at))) ++at;
      if (at == count_ || (reads && at != verb_at_)) continue;
      for (std::size_t i = 0; i < count_; ++i) {
        if (i == at || !is_noun(words_[i], row.noun)) continue;
        if (i + 1 < count_ && (is_noun(words_[i + 1], Noun::about) || row.category == Category::read)) continue;
        const Category before = best ? best->category : Category::other;
        const Category category = row.than == Than::either ? row.category : riskier(before, row.category);
        if (category == before) continue;
        best = reading(category, std::max(best ? best->weight : Weight::weak, Weight::fair),
                       "together." + std::string(row.id), text(std::min(at, i), std::max(at, i)));
        break;
      }
    }
  }

  static bool holds(std::string_view list, std::string_view word) {
    for (std::size_t at = list.find(word); at != std::string_view::npos; at = list.find(word, at + 1)) {
      const bool begins = at == 0 || list[at - 1] == ' ';
      const bool ends = at + word.size() == list.size() || list[at + word.size()] == ' ';
      if (begins && ends) return true;
    }
    return false;
  }

  std::string_view name_;
  const Words& words_;
  std::size_t count_;
  int money_;
  std::optional<std::size_t> verb_at_;
};

}  // namespace

std::optional<Reading> read_name(std::string_view name, const Words& words, int money_places) {
  return NameReader(name, words, money_places).read();
}

}  // namespace doorward::risk
