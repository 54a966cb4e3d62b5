#include "risk/verb.h"

#include <algorithm>
#include <array>

namespace doorward::risk {
namespace {

constexpr std::size_t kLongestVerb = 16;

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word(char c) {
  return is_upper(c) || is_lower(c) || is_digit(c);
}

/// Where the word at the start of `text` ends: before a separator, before a capital after a small letter or
/// digit, and before the last capital of a run that a small letter follows (`HTTPDelete`).
std::size_t word_end(std::string_view text) {
  std::size_t end = 1;
  for (; end < text.size() && is_word(text[end]); ++end) {
    if (!is_upper(text[end])) continue;
    if (!is_upper(text[end - 1])) break;
    if (end + 1 < text.size() && is_lower(text[end + 1])) break;
  }
  return end;
}

const VerbRow* find_verb(std::string_view word) {
  if (word.size() > kLongestVerb) return nullptr;
  std::array<char, kLongestVerb> small{};
  std::ranges::transform(word, small.begin(),
                         [](char c) { return is_upper(c) ? static_cast<char>(c + 32) : c; });
  const std::string_view verb(small.data(), word.size());
  const auto table = verb_table();
  const auto row = std::ranges::lower_bound(table, verb, {}, &VerbRow::verb);
  return row != table.end() && row->verb == verb ? &*row : nullptr;
}

int risk_of(Category category) {
  switch (category) {
    case Category::other:
      return 0;
    case Category::read:
      return 1;
    case Category::write:
      return 2;
    case Category::execute:
      return 3;
    case Category::destructive:
      return 4;
    case Category::financial:
      break;
  }
  return 5;
}

bool says(json::Value annotations, std::string_view hint, bool truth) {
  const json::Value value = annotations.find(hint);
  return value.is(json::Type::boolean) && value.boolean() == truth;
}

}  // namespace

Category riskier(Category a, Category b) {
  return risk_of(a) >= risk_of(b) ? a : b;
}

Category category_of_name(std::string_view tool) {
  const VerbRow* noun = nullptr;
  while (!tool.empty()) {
    if (!is_word(tool.front())) {
      tool.remove_prefix(1);
      continue;
    }
    const std::size_t end = word_end(tool);
    const VerbRow* row = find_verb(tool.substr(0, end));
    if (row != nullptr && !row->also_noun) return row->category;
    if (noun == nullptr) noun = row;
    tool.remove_prefix(end);
  }
  return noun != nullptr ? noun->category : Category::other;
}

Category category_of(std::string_view tool, json::Value annotations) {
  Category category = category_of_name(tool);
  const bool read_only = says(annotations, "readOnlyHint", true);
  if (says(annotations, "readOnlyHint", false)) category = riskier(category, Category::write);
  if (!read_only && says(annotations, "destructiveHint", true))
    category = riskier(category, Category::destructive);
  return category;
}

Category VerbClassifier::classify(std::string_view, std::string_view tool, json::Value annotations) const {
  return category_of(tool, annotations);
}

}  // namespace doorward::risk
