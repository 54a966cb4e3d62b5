#include "catalogue/json_parts.h"

#include <algorithm>

namespace doorward::catalogue {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  JsonParts split(std::size_t most) {
    JsonParts out;
    skip_space();
    if (at_end() || (peek() != '{' && peek() != '[')) return out;
    out.bracket = text_[at_++];
    const char close = out.bracket == '{' ? '}' : ']';
    skip_space();
    if (!at_end() && peek() == close) return finish(std::move(out));
    for (;;) {
      if (out.parts.size() == most)
        return broken(std::move(out), "holds more than " + std::to_string(most) + " parts");
      JsonPart part;
      if (out.bracket == '{' && !take_key(part.key)) return broken(std::move(out), "a member has no name");
      part.text = take_value();
      out.cut = at_end();
      out.parts.push_back(part);
      if (out.cut) return broken(std::move(out), "ends early");
      const char c = text_[at_++];
      if (c == ',') continue;
      if (c == close) break;
      return broken(std::move(out), "brackets do not match");
    }
    --at_;
    return finish(std::move(out));
  }

 private:
  bool at_end() const { return at_ >= text_.size(); }
  char peek() const { return text_[at_]; }
  void skip_space() {
    while (!at_end() && is_space(peek())) ++at_;
  }

  JsonParts broken(JsonParts out, const std::string& why) const {
    out.broken = why + " at byte " + std::to_string(std::min(at_, text_.size()));
    return out;
  }

  JsonParts finish(JsonParts out) {
    ++at_;
    skip_space();
    return at_end() ? out : broken(std::move(out), "something follows the end");
  }

  /// Past the closing quote of a string that begins here; false where there is none.
  bool skip_string() {
    ++at_;
    for (;;) {
      at_ = text_.find_first_of("\"\\", at_);
      if (at_ == std::string_view::npos) {
        at_ = text_.size();
        return false;
      }
      if (text_[at_] == '"') {
        ++at_;
        return true;
      }
      at_ += 2;
    }
  }

  bool take_key(std::string_view& key) {
    skip_space();
    if (at_end() || peek() != '"') return false;
    const std::size_t begin = at_ + 1;
    if (!skip_string()) return false;
    key = text_.substr(begin, at_ - 1 - begin);
    skip_space();
    if (at_end() || peek() != ':') return false;
    ++at_;
    return true;
  }

  /// To the comma or bracket that ends the value.
  std::string_view take_value() {
    skip_space();
    const std::size_t begin = at_;
    std::size_t depth = 0;
    while (!at_end()) {
      at_ = std::min(text_.find_first_of("\"{}[],", at_), text_.size());
      if (at_end()) break;
      const char c = peek();
      if (c == '"') {
        skip_string();
        continue;
      }
      if (depth == 0 && (c == ',' || c == '}' || c == ']')) break;
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      ++at_;
    }
    std::size_t end = std::min(at_, text_.size());
    while (end > begin && is_space(text_[end - 1])) --end;
    return text_.substr(begin, end - begin);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::string_view JsonParts::find(std::string_view key) const {
  const auto found = std::ranges::find(parts, key, &JsonPart::key);
  if (found == parts.end()) return {};
  const bool again = std::find_if(found + 1, parts.end(),
                                  [&](const JsonPart& part) { return part.key == key; }) != parts.end();
  return again ? std::string_view() : found->text;
}

JsonParts split_json(std::string_view text, std::size_t most) {
  return Splitter(text).split(most);
}

}  // namespace doorward::catalogue
