#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace doorward::catalogue {

/// A source map of revision 3: which lines of which sources the lines of a built file come from. Lines alone
/// are kept.
class SourceMap {
 public:
  /// Nothing where the text is none, or has sections. Linear; bounded by the text.
  static std::optional<SourceMap> read(std::string_view text);

  struct Place {
    std::string file;
    std::size_t first = 0;  ///< lines, from 1
    std::size_t last = 0;
  };
  /// Where a range of built lines comes from: the source of its first line that has one, and the lines of it
  /// that the range covers. Nothing where no line has a source.
  std::optional<Place> place_of(std::size_t first, std::size_t last) const;

 private:
  struct Segment {
    std::uint32_t source;
    std::uint32_t line;  ///< from 0
  };
  std::vector<std::string> sources_;
  std::vector<std::vector<Segment>> lines_;
};

}  // namespace doorward::catalogue
