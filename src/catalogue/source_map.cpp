#include "catalogue/source_map.h"

#include <algorithm>

#include "json/reader.h"

namespace doorward::catalogue {
namespace {

constexpr std::size_t kMostBytes = 32u << 20;
constexpr std::size_t kMostSegments = 4u << 20;

int digit_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/// One number in base 64, five bits a digit, the lowest first; its lowest bit is the sign.
std::optional<std::int64_t> read_number(std::string_view& text) {
  std::int64_t value = 0;
  for (unsigned shift = 0; shift < 40; shift += 5) {
    if (text.empty()) return std::nullopt;
    const int digit = digit_of(text.front());
    if (digit < 0) return std::nullopt;
    text.remove_prefix(1);
    value |= static_cast<std::int64_t>(digit & 31) << shift;
    if ((digit & 32) == 0) return (value & 1) != 0 ? -(value >> 1) : value >> 1;
  }
  return std::nullopt;
}

/// `../src/x.ts` and `./src/x.ts` without what leads there.
std::string without_dots(std::string_view path) {
  while (path.starts_with("../") || path.starts_with("./")) path.remove_prefix(path.find('/') + 1);
  return std::string(path);
}

}  // namespace

std::optional<SourceMap> SourceMap::read(std::string_view text) {
  json::Reader reader;
  const auto root = reader.read(text, {.bytes = kMostBytes});
  if (!root || !root->find("mappings").is(json::Type::string)) return std::nullopt;
  SourceMap map;
  for (const json::Value source : root->find("sources").elements()) {
    map.sources_.push_back(source.is(json::Type::string) ? without_dots(source.string()) : std::string());
  }
  std::string_view rest = root->find("mappings").string();
  std::int64_t source = 0;
  std::int64_t line = 0;
  std::size_t segments = 0;
  map.lines_.emplace_back();
  while (!rest.empty()) {
    if (rest.front() == ';' || rest.front() == ',') {
      if (rest.front() == ';') map.lines_.emplace_back();
      rest.remove_prefix(1);
      continue;
    }
    std::int64_t numbers[5] = {};
    std::size_t count = 0;
    while (!rest.empty() && rest.front() != ',' && rest.front() != ';') {
      const auto number = read_number(rest);
      if (!number || count == 5 || ++segments > kMostSegments) return std::nullopt;
      numbers[count++] = *number;
    }
    if (count < 4) continue;
    source += numbers[1];
    line += numbers[2];
    if (source < 0 || line < 0 || source >= static_cast<std::int64_t>(map.sources_.size()) ||
        line > 0x7fffffff)
      return std::nullopt;
    map.lines_.back().push_back({static_cast<std::uint32_t>(source), static_cast<std::uint32_t>(line)});
  }
  return map;
}

std::optional<SourceMap::Place> SourceMap::place_of(std::size_t first, std::size_t last) const {
  std::optional<Segment> begin;
  std::size_t low = 0;
  std::size_t high = 0;
  for (std::size_t line = first; line <= last && line <= lines_.size(); ++line) {
    for (const Segment& segment : lines_[line - 1]) {
      if (!begin) {
        begin = segment;
        low = high = segment.line;
      }
      if (segment.source != begin->source) continue;
      low = std::min<std::size_t>(low, segment.line);
      high = std::max<std::size_t>(high, segment.line);
    }
  }
  if (!begin || sources_[begin->source].empty()) return std::nullopt;
  return Place{sources_[begin->source], low + 1, high + 1};
}

}  // namespace doorward::catalogue
