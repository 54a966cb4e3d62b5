#include "risk/words.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace doorward::risk {
namespace {

bool is_word(char c) {
  return is_upper(c) || is_lower(c) || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

/// Whether a word of a name begins at a capital: after a small letter or digit, and where a small letter
/// follows the last capital of a run (`HTTPDelete`). A plural's `s` behind capitals belongs to them
/// (`listDAGs`).
bool begins_word(std::string_view text, std::size_t at) {
  if (!is_upper(text[at])) return false;
  if (!is_upper(text[at - 1])) return true;
  if (at + 1 >= text.size() || !is_lower(text[at + 1])) return false;
  return !(text[at + 1] == 's' && (at + 2 >= text.size() || !is_lower(text[at + 2])));
}

bool ends_with_any(std::string_view word, std::initializer_list<std::string_view> endings) {
  return std::ranges::any_of(endings, [&](std::string_view ending) { return word.ends_with(ending); });
}

bool is_vowel(char c) {
  return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u';
}

/// Verbs that double their last letter; the stress of a word does not show in its spelling.
bool doubles(std::string_view verb) {
  constexpr auto kDoubling = std::to_array<std::string_view>(
      {"ban",   "begin",  "bet",   "chat",     "commit", "crop",    "drag",     "drop",   "forget", "get",
       "grep",  "grab",   "let",   "log",      "map",    "pin",     "plan",     "plot",   "pop",    "put",
       "quit",  "reset",  "run",   "scan",     "set",    "ship",    "shut",     "skip",   "snap",   "spin",
       "stop",  "submit", "swap",  "tag",      "tap",    "trim",    "unpin",    "untag",  "wrap",   "zip",
       "unset", "prefer", "refer", "transfer", "permit", "debug",   "transmit", "unplug", "strip",  "step",
       "cut",   "hit",    "split", "dig",      "sum",    "program", "control",  "cancel"});
  return std::ranges::find(kDoubling, verb) != kDoubling.end();
}

}  // namespace

Words Words::of_name(std::string_view name, std::size_t bound) {
  Words words;
  const std::string_view text = name.substr(0, bound);
  words.lower_ = lower(std::string_view(text).substr(0, bound));
  for (std::size_t at = 0; at < text.size();) {
    if (!is_word(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at + 1;
    while (end < text.size() && is_word(text[end]) && !begins_word(text, end)) ++end;
    words.ends_.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end)});
    at = end;
  }
  return words;
}

Words Words::of_prose(std::string_view prose, std::size_t bound) {
  Words words;
  words.lower_ = lower(std::string_view(prose).substr(0, bound));
  const std::string_view text = words.lower_;
  words.ends_.reserve(text.size() / 6);
  for (std::size_t at = 0; at < text.size();) {
    if (!is_word(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at + 1;
    while (end < text.size() && is_word(text[end])) ++end;
    words.ends_.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end)});
    at = end;
  }
  return words;
}

std::string_view Words::gap(std::size_t index) const {
  const std::size_t begin = index == 0 ? 0 : ends_[index - 1].end;
  return std::string_view(lower_).substr(begin, ends_[index].begin - begin);
}

bool Words::has(std::string_view word) const {
  for (std::size_t i = 0; i < size(); ++i) {
    if ((*this)[i] == word) return true;
  }
  return false;
}

std::size_t Words::find(std::string_view phrase) const {
  const Words wanted = of_prose(phrase);
  for (std::size_t at = 0; !wanted.empty() && at + wanted.size() <= size(); ++at) {
    std::size_t same = 0;
    while (same < wanted.size() && (*this)[at + same] == wanted[same]) ++same;
    if (same == wanted.size()) return at;
  }
  return size();
}

std::string singular(std::string_view noun) {
  const std::string word(noun);
  if (word.size() < 4 || !word.ends_with('s')) return word;
  if (ends_with_any(word, {"ss", "us", "is", "news", "dns", "sms", "aws", "alias", "https"})) return word;
  if (word.ends_with("ies"))
    return word.size() > 4 ? word.substr(0, word.size() - 3) + "y" : word.substr(0, 3);
  if (ends_with_any(word, {"sses", "shes", "ches", "xes", "zzes", "uses"}) && word != "caches")
    return word.substr(0, word.size() - 2);
  return word.substr(0, word.size() - 1);
}

VerbForms forms_of(std::string_view given) {
  const std::string verb(given);
  if (verb.size() < 2) return {verb, verb, verb};
  const char last = verb.back();
  const bool consonant_y = last == 'y' && !is_vowel(verb[verb.size() - 2]);
  const std::string stem = verb.substr(0, verb.size() - 1);
  VerbForms forms;
  if (consonant_y) {
    forms = {stem + "ies", verb + "ing", stem + "ied"};
  } else if (last == 'e' && !ends_with_any(verb, {"ee", "oe", "ye"})) {
    forms = {verb + "s", stem + "ing", verb + "d"};
  } else if (doubles(verb)) {
    forms = {verb + "s", verb + last + "ing", verb + last + "ed"};
  } else {
    const bool hissing = ends_with_any(verb, {"s", "sh", "ch", "x", "z", "o"});
    forms = {verb + (hissing ? "es" : "s"), verb + "ing", verb + (last == 'e' ? "d" : "ed")};
  }
  return forms;
}

}  // namespace doorward::risk
