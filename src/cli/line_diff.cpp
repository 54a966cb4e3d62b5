#include "cli/line_diff.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "cli/log_view.h"

namespace doorward::cli {
namespace {

constexpr std::size_t kAround = 3;
constexpr std::size_t kMostCells = 4'000'000;  ///< of the table of common lines; beyond that everything is another

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

struct Line {
  char mark;
  std::string_view text;
};

/// By the longest common run of lines between the ends that agree.
std::vector<Line> compare(const std::vector<std::string_view>& a, const std::vector<std::string_view>& b) {
  std::size_t head = 0;
  while (head < std::min(a.size(), b.size()) && a[head] == b[head]) ++head;
  std::size_t tail = 0;
  while (tail < std::min(a.size(), b.size()) - head && a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) ++tail;
  const std::size_t n = a.size() - head - tail;
  const std::size_t m = b.size() - head - tail;
  std::vector<Line> out;
  for (std::size_t i = 0; i < head; ++i) out.push_back({' ', a[i]});
  std::vector<std::uint32_t> common;
  const bool fits = (n + 1) * (m + 1) <= kMostCells;
  if (fits) common.resize((n + 1) * (m + 1));
  const auto at = [&](std::size_t i, std::size_t j) -> std::uint32_t& { return common[i * (m + 1) + j]; };
  for (std::size_t i = fits ? n : 0; i-- > 0;) {
    for (std::size_t j = m; j-- > 0;) {
      at(i, j) = a[head + i] == b[head + j] ? at(i + 1, j + 1) + 1 : std::max(at(i + 1, j), at(i, j + 1));
    }
  }
  std::size_t i = 0;
  std::size_t j = 0;
  while (fits && i < n && j < m) {
    if (a[head + i] == b[head + j]) {
      out.push_back({' ', a[head + i++]});
      ++j;
    } else if (at(i + 1, j) >= at(i, j + 1)) {
      out.push_back({'-', a[head + i++]});
    } else {
      out.push_back({'+', b[head + j++]});
    }
  }
  while (i < n) out.push_back({'-', a[head + i++]});
  while (j < m) out.push_back({'+', b[head + j++]});
  for (std::size_t k = a.size() - tail; k < a.size(); ++k) out.push_back({' ', a[k]});
  return out;
}

}  // namespace

std::string line_diff(std::string_view before, std::string_view after, bool color) {
  const std::vector<Line> lines = compare(lines_of(before), lines_of(after));
  std::vector<bool> shown(lines.size(), false);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].mark == ' ') continue;
    const std::size_t end = std::min(lines.size(), i + kAround + 1);
    for (std::size_t k = i - std::min(i, kAround); k < end; ++k) shown[k] = true;
  }
  std::string out;
  bool left_out = false;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!shown[i]) {
      left_out = true;
      continue;
    }
    if (left_out) out += "  ...\n";
    left_out = false;
    const bool painted = color && lines[i].mark != ' ';
    if (painted) out += lines[i].mark == '-' ? "\x1b[31m" : "\x1b[32m";
    out += lines[i].mark;
    out += ' ' + safe_text(lines[i].text);
    out += painted ? "\x1b[0m\n" : "\n";
  }
  if (left_out && !out.empty()) out += "  ...\n";
  return out;
}

}  // namespace doorward::cli
