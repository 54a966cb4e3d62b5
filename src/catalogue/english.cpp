#include "catalogue/english.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "base/text.h"

namespace doorward::catalogue {
namespace {

bool is_word(char c) {
  return is_alnum(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

/// The word that ends at `end`, letters and stops.
std::string_view word_before(std::string_view text, std::size_t end) {
  std::size_t begin = end;
  while (begin > 0 && (is_alpha(text[begin - 1]) || text[begin - 1] == '.')) --begin;
  return text.substr(begin, end - begin);
}

bool is_abbreviation(std::string_view word) {
  constexpr std::array<std::string_view, 9> kWords = {"e.g", "i.e", "eg",   "ie",    "etc",
                                                      "vs",  "cf",  "incl", "approx"};
  return std::ranges::find(kWords, lower(word)) != kWords.end();
}

/// Whether a sentence ends with the mark at `at`.
bool ends_sentence(std::string_view text, std::size_t at) {
  const char c = text[at];
  if (c != '.' && c != '!' && c != '?') return false;
  std::size_t next = at + 1;
  while (next < text.size() && (text[next] == '"' || text[next] == ')' || text[next] == '\'')) ++next;
  if (next >= text.size()) return true;
  if (text[next] != ' ') return false;
  return c != '.' || !is_abbreviation(word_before(text, at));
}

std::string one_spaced(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const bool space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (space && (out.empty() || out.back() == ' ')) continue;
    out += space ? ' ' : c;
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

/// Paragraphs and the items of lists: a sentence never runs over their ends.
std::vector<std::string> parts_of(std::string_view text) {
  std::vector<std::string> parts;
  std::string part;
  const auto finish = [&] {
    if (std::string whole = one_spaced(part); !whole.empty()) parts.push_back(std::move(whole));
    part.clear();
  };
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t begin = line.find_first_not_of(" \t\r");
    line = begin == std::string_view::npos ? std::string_view() : line.substr(begin);
    const bool item = line.starts_with("- ") || line.starts_with("* ") || line.starts_with("#");
    if (line.empty() || item) finish();
    if (item) line.remove_prefix(std::min(line.find_first_not_of("-*# "), line.size()));
    part += line;
    part += ' ';
  }
  finish();
  return parts;
}

}  // namespace

std::string grouped(std::size_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string in_words(std::size_t count) {
  constexpr std::array<std::string_view, 11> kWords = {"no",  "one",   "two",   "three", "four", "five",
                                                       "six", "seven", "eight", "nine",  "ten"};
  return count < kWords.size() ? std::string(kWords[count]) : grouped(count);
}

std::string counted(std::size_t count, std::string_view noun, std::string_view plural) {
  std::string out = count == 0 ? "no" : grouped(count);
  out += ' ';
  if (count == 1) return out.append(noun);
  return plural.empty() ? out.append(noun).append("s") : out.append(plural);
}

std::string listed(std::span<const std::string> items, std::string_view last) {
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i != 0) out += i + 1 == items.size() ? " " + std::string(last) + " " : ", ";
    out += items[i];
  }
  return out;
}

std::string day_of(std::int64_t time_us) {
  if (time_us == 0) return {};
  constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                        "May",       "June",     "July",     "August",
                                                        "September", "October",  "November", "December"};
  const std::chrono::sys_time<std::chrono::microseconds> time{std::chrono::microseconds(time_us)};
  const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(time)};
  return std::to_string(static_cast<unsigned>(day.day())) + " " +
         std::string(kMonths[static_cast<unsigned>(day.month()) - 1]) + " " +
         std::to_string(static_cast<int>(day.year()));
}

std::string_view article(std::string_view word) {
  return !word.empty() && std::string_view("aeiouAEIOU").find(word.front()) != std::string_view::npos ? "an"
                                                                                                      : "a";
}

std::string percent_of(std::size_t part, std::size_t whole) {
  if (whole == 0 || part == 0) return "0 %";
  const std::size_t tenths = (part * 1000 + whole / 2) / whole;
  if (tenths == 0) return "less than 0.1 %";
  return std::to_string(tenths / 10) + (tenths % 10 == 0 ? "" : "." + std::to_string(tenths % 10)) + " %";
}

std::vector<std::string> sentences_of(std::string_view text, std::size_t most) {
  constexpr std::size_t kLongestText = 64u << 10;
  std::vector<std::string> sentences;
  for (const std::string& part : parts_of(text.substr(0, kLongestText))) {
    std::size_t begin = 0;
    for (std::size_t at = 0; at < part.size() && sentences.size() < most; ++at) {
      if (!ends_sentence(part, at)) continue;
      std::size_t end = at + 1;
      while (end < part.size() && part[end] != ' ') ++end;
      sentences.push_back(part.substr(begin, end - begin));
      begin = std::min(end + 1, part.size());
      at = begin == 0 ? at : begin - 1;
    }
    if (begin < part.size() && sentences.size() < most) sentences.push_back(part.substr(begin));
  }
  return sentences;
}

std::string shortened(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  std::size_t end = text.rfind(' ', most);
  if (end == std::string_view::npos || end == 0) end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return std::string(text.substr(0, end)) + " …";
}

std::string without_stop(std::string_view sentence) {
  while (sentence.ends_with('.') || sentence.ends_with(' ') || sentence.ends_with(':'))
    sentence.remove_suffix(1);
  return std::string(sentence);
}

bool holds_words(std::string_view text, std::string_view words) {
  const std::string haystack = lower(text);
  const std::string needle = lower(words);
  if (needle.empty()) return false;
  for (std::size_t at = haystack.find(needle); at != std::string::npos; at = haystack.find(needle, at + 1)) {
    const bool begins = at == 0 || !is_word(haystack[at - 1]);
    const std::size_t end = at + needle.size();
    if (begins && (end >= haystack.size() || !is_word(haystack[end]))) return true;
  }
  return false;
}

}  // namespace doorward::catalogue
