#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace doorward {

/// Edits (insertions, deletions, replacements of one byte, swaps of two neighbours) from `a` to `b`; more
/// than 32 bytes on either side count as far apart.
constexpr std::size_t edit_distance(std::string_view a, std::string_view b) {
  constexpr std::size_t kMax = 32;
  if (a.size() > kMax || b.size() > kMax) return kMax;
  std::array<std::array<std::size_t, kMax + 1>, kMax + 1> rows{};
  for (std::size_t i = 0; i <= a.size(); ++i) rows[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      rows[i][j] = std::min({rows[i - 1][j] + 1, rows[i][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
      }
    }
  }
  return rows[a.size()][b.size()];
}

/// The candidate that `word` was probably meant to be, or an empty view where none is near (at most a third
/// of the word's bytes may differ, and at least one). Of equally near ones the first.
template <typename Candidates>
constexpr std::string_view suggest(std::string_view word, const Candidates& candidates) {
  std::string_view best;
  std::size_t distance = std::clamp<std::size_t>(word.size() / 3, 1, 8) + 1;
  for (std::string_view candidate : candidates) {
    if (const std::size_t edits = edit_distance(word, candidate); edits < distance) {
      distance = edits;
      best = candidate;
    }
  }
  return best;
}

}  // namespace doorward
