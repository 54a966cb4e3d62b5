#include "risk/phrase.h"

#include <algorithm>

namespace doorward::risk {
namespace {

constexpr std::size_t kWidestGap = 4;

std::size_t mark_of(std::string_view word) {
  const auto first = static_cast<unsigned char>(word.front());
  const auto second = static_cast<unsigned char>(word[word.size() / 2]);
  return (first * 31u + second * 7u + word.size() * 3u) % 1024u;
}

bool is_word(std::string_view word, std::string_view wanted) {
  return word == wanted ||
         (word.size() == wanted.size() + 1 && word.ends_with('s') && word.starts_with(wanted));
}

bool is_any(std::string_view word, const std::vector<std::string_view>& wanted) {
  return std::ranges::any_of(wanted, [&](std::string_view one) { return is_word(word, one); });
}

/// Whether the phrase was found at this word before: `returns` is one alternative, and the plural of another.
bool is_found(const std::vector<PhraseMatch>& matches, std::uint32_t phrase, std::size_t first) {
  for (std::size_t i = matches.size(); i > 0 && matches[i - 1].first == first; --i) {
    if (matches[i - 1].phrase == phrase) return true;
  }
  return false;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (end != 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

}  // namespace

bool begins_sentence(const Words& words, std::size_t index) {
  const std::string_view gap = words.gap(index);
  if (gap.find_first_of(";!?") != std::string_view::npos || gap.find("\n\n") != std::string_view::npos)
    return true;
  const std::size_t line = gap.find('\n');
  if (line != std::string_view::npos && gap.find_first_of("-*#", line) != std::string_view::npos) return true;
  const std::size_t stop = gap.find('.');
  return stop != std::string_view::npos && stop + 1 < gap.size();
}

Phrases::Phrases(std::span<const std::string_view> phrases) {
  for (const std::string_view phrase : phrases) {
    std::vector<Token> tokens;
    for (const std::string_view token : split(phrase, ' '))
      tokens.push_back(token == "~" ? Token{} : split(token, '|'));
    for (const std::string_view first : tokens.front()) {
      by_first_[first].push_back(static_cast<std::uint32_t>(phrases_.size()));
      firsts_.set(mark_of(first));
    }
    phrases_.push_back(std::move(tokens));
  }
}

void Phrases::find(const Words& words, std::vector<PhraseMatch>& matches) const {
  for (std::size_t at = 0; at < words.size(); ++at) {
    const std::string_view word = words[at];
    if (firsts_.test(mark_of(word))) find_at(words, at, word, matches);
    if (word.size() > 1 && word.ends_with('s')) {
      const std::string_view one = word.substr(0, word.size() - 1);
      if (firsts_.test(mark_of(one))) find_at(words, at, one, matches);
    }
  }
}

void Phrases::find_at(const Words& words, std::size_t at, std::string_view first,
                      std::vector<PhraseMatch>& matches) const {
  const auto candidates = by_first_.find(first);
  if (candidates == by_first_.end()) return;
  for (const std::uint32_t candidate : candidates->second) {
    const std::vector<Token>& tokens = phrases_[candidate];
    std::size_t here = at + 1;
    bool fits = true;
    for (std::size_t i = 1; fits && i < tokens.size(); ++i) {
      std::size_t gap = 0;
      if (tokens[i].empty()) {
        gap = kWidestGap;
        ++i;
      }
      fits = false;
      for (std::size_t skipped = 0; here < words.size() && skipped <= gap; ++here, ++skipped) {
        if (begins_sentence(words, here)) break;
        if (is_any(words[here], tokens[i])) {
          fits = true;
          ++here;
          break;
        }
      }
    }
    if (fits && !is_found(matches, candidate, at)) {
      matches.push_back({candidate, static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(here)});
    }
  }
}

}  // namespace doorward::risk
