#include "mcp/definition_diff.h"

#include <algorithm>
#include <array>
#include <map>

#include "json/canonical.h"
#include "json/pointer.h"

namespace doorward::mcp {
namespace {

using json::Type;
using json::Value;

/// Cells of the table of common words; beyond it the texts are not compared word by word.
constexpr std::size_t kMostCells = 4u << 20;

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  // A word carries the white space behind it, so that the runs put together are the text again.
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = text.find_first_of(" \n\t\r", at);
    end = end == std::string_view::npos ? text.size() : text.find_first_not_of(" \n\t\r", end);
    end = std::min(end, text.size());
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

std::string_view bare(std::string_view word) {
  return word.substr(0, word.find_last_not_of(" \n\t\r") + 1);
}

class Runs {
 public:
  void add(WordRun::Op op, std::string_view text) {
    if (runs_.empty() || runs_.back().op != op) runs_.push_back({op, {}});
    runs_.back().text += text;
  }
  std::vector<WordRun> take() { return std::move(runs_); }

 private:
  std::vector<WordRun> runs_;
};

/// A pointer's tokens: of what kind the place is follows from the way to it.
class Differ {
 public:
  void compare(Value before, Value after) {
    if (!before && !after) return;
    if (!before || !after) {
      return put(!before ? ChangeKind::added : ChangeKind::removed, kind_of_place(), name_of_place(), before, after);
    }
    if (before.is(Type::object) && after.is(Type::object)) return members(before, after);
    if (text(before) == text(after)) return;
    if (is_set() && before.is(Type::array) && after.is(Type::array)) return elements(before, after);
    put(ChangeKind::changed, kind_of_place(), name_of_place(), before, after);
    if (before.is(Type::string) && after.is(Type::string)) {
      changes_.back().words = diff_words(before.string(), after.string());
    }
  }
  std::vector<DefinitionChange> take() { return std::move(changes_); }

 private:
  void members(Value before, Value after) {
    std::map<std::string_view, std::pair<Value, Value>> both;
    for (const json::Member member : before.members()) both[member.key.string()].first = member.value;
    for (const json::Member member : after.members()) both[member.key.string()].second = member.value;
    for (const auto& [key, values] : both) {
      path_.emplace_back(key);
      compare(values.first, values.second);
      path_.pop_back();
    }
  }

  void elements(Value before, Value after) {
    std::map<std::string, std::pair<Value, Value>> both;
    for (const Value element : before.elements()) both[text(element)].first = element;
    for (const Value element : after.elements()) both[text(element)].second = element;
    const bool required = path_.back() == "required";
    const std::size_t found = changes_.size();
    for (const auto& [ignored, values] : both) {
      if (values.first && values.second) continue;
      const Value element = values.first ? values.first : values.second;
      put(values.first ? ChangeKind::removed : ChangeKind::added, required ? ChangeOf::required : ChangeOf::values,
          required && element.is(Type::string) ? std::string(element.string()) : name_of_place(), values.first,
          values.second);
    }
    // The same elements, in another order or another number of times.
    if (changes_.size() == found) put(ChangeKind::changed, ChangeOf::other, name_of_place(), before, after);
  }

  void put(ChangeKind kind, ChangeOf of, std::string name, Value before, Value after) {
    DefinitionChange change;
    change.of = of;
    change.kind = kind;
    for (const std::string_view token : path_) json::append_step(change.where, token);
    change.name = std::move(name);
    if (before) change.before = text(before);
    if (after) change.after = text(after);
    changes_.push_back(std::move(change));
  }

  /// Where the members of `path_` from `at` on name a parameter: `properties`, its name.
  bool is_parameter_at(std::size_t at) const { return at + 1 < path_.size() && path_[at] == "properties"; }

  bool in_input() const { return !path_.empty() && path_[0] == "inputSchema"; }

  /// The index in path_ of the last parameter's name; 0: none.
  std::size_t parameter() const {
    if (!in_input()) return 0;
    std::size_t found = 0;
    for (std::size_t at = 1; is_parameter_at(at); at += 2) {
      found = at + 1;
      // Below an array's items parameters go on.
      while (at + 2 < path_.size() && path_[at + 2] == "items") ++at;
    }
    return found;
  }

  ChangeOf kind_of_place() const {
    if (path_.empty()) return ChangeOf::other;
    if (path_[0] == "annotations") return ChangeOf::annotation;
    const std::size_t parameter_at = parameter();
    if (parameter_at != 0 && parameter_at + 1 == path_.size()) return ChangeOf::parameter;
    const std::string_view last = path_.back();
    if ((path_.size() == 1 || parameter_at != 0) && (last == "description" || last == "title")) return ChangeOf::text;
    if (parameter_at != 0 && last == "type") return ChangeOf::type;
    return ChangeOf::other;
  }

  std::string name_of_place() const {
    if (const std::size_t at = parameter(); at != 0) return std::string(path_[at]);
    return path_.empty() ? std::string() : std::string(path_.back());
  }

  bool is_set() const { return in_input() && (path_.back() == "required" || path_.back() == "enum"); }

  std::string text(Value value) {
    std::string out;
    canonical_.append(value, out);
    return out;
  }

  std::vector<std::string_view> path_;
  std::vector<DefinitionChange> changes_;
  json::Canonical canonical_;
};

}  // namespace

std::string_view to_string(ChangeKind kind) {
  constexpr std::array<std::string_view, 3> kNames = {"added", "removed", "changed"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string_view to_string(ChangeOf of) {
  constexpr std::array<std::string_view, 7> kNames = {"text",   "parameter",  "type", "required",
                                                      "values", "annotation", "other"};
  return kNames[static_cast<std::size_t>(of)];
}

std::vector<WordRun> diff_words(std::string_view before, std::string_view after) {
  const std::vector<std::string_view> a = split_words(before);
  const std::vector<std::string_view> b = split_words(after);
  const auto same = [&](std::size_t i, std::size_t j) { return bare(a[i]) == bare(b[j]); };
  std::size_t head = 0;
  while (head < a.size() && head < b.size() && same(head, head)) ++head;
  std::size_t tail = 0;
  while (tail < a.size() - head && tail < b.size() - head && same(a.size() - 1 - tail, b.size() - 1 - tail)) ++tail;
  const std::size_t rows = a.size() - head - tail;
  const std::size_t columns = b.size() - head - tail;
  Runs runs;
  for (std::size_t i = 0; i < head; ++i) runs.add(WordRun::Op::same, b[i]);
  if (rows * columns > kMostCells) {
    for (std::size_t i = 0; i < rows; ++i) runs.add(WordRun::Op::removed, a[head + i]);
    for (std::size_t j = 0; j < columns; ++j) runs.add(WordRun::Op::added, b[head + j]);
  } else {
    // longest[i][j]: words in common from word i of one and word j of the other on.
    std::vector<std::uint32_t> longest((rows + 1) * (columns + 1));
    const auto cell = [&](std::size_t i, std::size_t j) -> std::uint32_t& { return longest[i * (columns + 1) + j]; };
    for (std::size_t i = rows; i-- > 0;) {
      for (std::size_t j = columns; j-- > 0;) {
        cell(i, j) = same(head + i, head + j) ? cell(i + 1, j + 1) + 1 : std::max(cell(i + 1, j), cell(i, j + 1));
      }
    }
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < rows || j < columns) {
      if (i < rows && j < columns && same(head + i, head + j)) {
        runs.add(WordRun::Op::same, b[head + j]);
        ++i;
        ++j;
      } else if (i < rows && (j == columns || cell(i + 1, j) >= cell(i, j + 1))) {
        runs.add(WordRun::Op::removed, a[head + i++]);
      } else {
        runs.add(WordRun::Op::added, b[head + j++]);
      }
    }
  }
  for (std::size_t k = tail; k > 0; --k) runs.add(WordRun::Op::same, b[b.size() - k]);
  return runs.take();
}

std::vector<DefinitionChange> diff_definitions(Value before, Value after) {
  Differ differ;
  differ.compare(before, after);
  return differ.take();
}

}  // namespace doorward::mcp
