#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace doorward::catalogue {

/// `no tools`, `1 tool`, `1,863 tools`. `plural` where it is not the word with an s.
std::string counted(std::size_t count, std::string_view noun, std::string_view plural = {});
/// `1,863`.
std::string grouped(std::size_t count);
/// The numbers up to ten as words, others as digits.
std::string in_words(std::size_t count);
/// `a`, `a and b`, `a, b and c`.
std::string listed(std::span<const std::string> items, std::string_view last = "and");
/// The day of a time (wall clock, microseconds) in UTC: `22 November 2026`; empty for 0.
std::string day_of(std::int64_t time_us);
/// `an` before a vowel's letter, else `a`.
std::string_view article(std::string_view word);
/// `12.5 %` of a whole; `less than 0.1 %`.
std::string percent_of(std::size_t part, std::size_t whole);

/// The sentences of a text, white space as single spaces, without list marks; views would not do, so they are
/// copies. A full stop inside a number, an abbreviation (`e.g.`) or a name does not end one. At most `most`.
std::vector<std::string> sentences_of(std::string_view text, std::size_t most = 64);
/// The sentence without its full stop.
std::string without_stop(std::string_view sentence);
/// At most so many bytes of a text, cut behind a word where there is one, never inside a character; with `…` where
/// something is left out.
std::string shortened(std::string_view text, std::size_t most);
/// Whether the words stand in the text as words of it, whatever the case.
bool holds_words(std::string_view text, std::string_view words);

}  // namespace doorward::catalogue
