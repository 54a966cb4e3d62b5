#include "policy/locate.h"

#include <algorithm>
#include <vector>

#include "json/pointer.h"
#include "json/reader.h"

namespace doorward::policy {
namespace {

struct Level {
  bool array;
  std::size_t index = 0;
  std::string key;
  bool has_key = false;
};

/// Past the end of the string literal that begins at `at`.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return std::min(at + 1, text.size());
}

std::string unescaped(std::string_view literal) {
  json::Reader reader;
  const auto value = reader.read(literal);
  return value && value->is(json::Type::string) ? std::string(value->string()) : std::string(literal);
}

}  // namespace

std::string pointer_at(std::string_view text, std::size_t offset) {
  std::vector<Level> open;
  bool expect_key = false;
  std::size_t at = 0;
  while (at < text.size() && at <= offset) {
    const char c = text[at];
    if (c == '"') {
      const std::size_t end = end_of_string(text, at);
      if (expect_key && !open.empty()) {
        open.back().key = unescaped(text.substr(at, end - at));
        open.back().has_key = true;
        expect_key = false;
      }
      at = end;
      continue;
    }
    if (c == '{' || c == '[') {
      open.push_back({c == '[', 0, {}, false});
      expect_key = c == '{';
    } else if ((c == '}' || c == ']') && !open.empty()) {
      open.pop_back();
      expect_key = false;
    } else if (c == ',' && !open.empty()) {
      ++open.back().index;
      open.back().has_key = false;
      expect_key = !open.back().array;
    }
    ++at;
  }
  std::string pointer;
  for (const Level& level : open) {
    if (level.array) {
      json::append_step(pointer, level.index);
    } else if (level.has_key) {
      json::append_step(pointer, level.key);
    }
  }
  return pointer;
}

}  // namespace doorward::policy
