#include "upstream/challenge.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "http/field.h"

namespace doorward::upstream {
namespace {

constexpr std::size_t kMostScopes = 100;

bool is_space(char c) {
  return c == ' ' || c == '\t';
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool done() const { return at_ == text_.size(); }
  void skip_separators() {
    while (!done() && (is_space(text_[at_]) || text_[at_] == ',')) ++at_;
  }
  void skip_space() {
    while (!done() && is_space(text_[at_])) ++at_;
  }
  bool take(char c) {
    if (done() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::string_view token() {
    const std::size_t begin = at_;
    while (!done() && http::is_token(text_.substr(at_, 1))) ++at_;
    return text_.substr(begin, at_ - begin);
  }
  /// What follows the `=` of a parameter; false where a quote is not closed.
  bool value(std::string& out) {
    out.clear();
    if (!take('"')) {
      out = token();
      return !out.empty();
    }
    while (!done()) {
      char c = text_[at_++];
      if (c == '"') return true;
      if (c == '\\') {
        if (done()) return false;
        c = text_[at_++];
      }
      out += c;
    }
    return false;
  }
  /// Past a token68, which some schemes have in place of parameters.
  void skip_word() {
    while (!done() && text_[at_] != ',' && !is_space(text_[at_])) ++at_;
  }
  std::size_t place() const { return at_; }
  void back_to(std::size_t place) { at_ = place; }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

/// RFC 6749 section 3.3.
bool is_scope_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return c > 0x20 && c < 0x7f && c != '"' && c != '\\';
  });
}

template <typename Each>
void for_scopes(std::string_view text, Each each) {
  while (!text.empty()) {
    const std::string_view name = text.substr(0, text.find(' '));
    if (is_scope_name(name)) each(name);
    text.remove_prefix(std::min(text.size(), name.size() + 1));
  }
}

}  // namespace

std::string join_scopes(std::string_view first, std::string_view second) {
  std::vector<std::string_view> names;
  const auto add = [&](std::string_view name) {
    if (names.size() < kMostScopes && std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  for_scopes(first, add);
  for_scopes(second, add);
  std::string out;
  for (const std::string_view name : names) {
    if (!out.empty()) out += ' ';
    out += name;
  }
  return out;
}

bool has_scopes(std::string_view held, std::string_view wanted) {
  bool all = true;
  for_scopes(wanted, [&](std::string_view name) {
    bool found = false;
    for_scopes(held, [&](std::string_view other) { found = found || other == name; });
    all = all && found;
  });
  return all;
}

Challenge parse_challenge(std::string_view value) {
  Scanner scanner(value);
  Challenge challenge;
  bool in_bearer = false;
  std::string text;
  for (scanner.skip_separators(); !scanner.done(); scanner.skip_separators()) {
    const std::size_t before = scanner.place();
    const std::string_view word = scanner.token();
    if (word.empty()) {
      scanner.skip_word();
      if (scanner.place() == before) return challenge;
      continue;
    }
    const std::size_t behind = scanner.place();
    scanner.skip_space();
    if (!scanner.take('=')) {  // a scheme
      scanner.back_to(behind);
      if (challenge.bearer) return challenge;
      in_bearer = challenge.bearer = equal_ignoring_case(word, "bearer");
      continue;
    }
    scanner.skip_space();
    if (!scanner.value(text)) {
      scanner.skip_word();
      continue;
    }
    if (!in_bearer) continue;
    if (equal_ignoring_case(word, "error")) challenge.error = text;
    if (equal_ignoring_case(word, "scope")) challenge.scope = join_scopes(text, {});
    if (equal_ignoring_case(word, "resource_metadata")) challenge.resource_metadata = text;
  }
  return challenge;
}

}  // namespace doorward::upstream
