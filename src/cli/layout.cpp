#include "cli/layout.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

namespace doorward::cli {

std::size_t columns_of(int descriptor) {
  winsize window{};
  if (isatty(descriptor) != 1 || ioctl(descriptor, TIOCGWINSZ, &window) != 0) return 0;
  return window.ws_col;
}

std::string cell(std::string_view text, std::size_t width, bool right) {
  if (text.size() > width) return std::string(text.substr(0, width - 1)) + "~";
  const std::string blanks(width - text.size(), ' ');
  return right ? blanks + std::string(text) : std::string(text) + blanks;
}

std::string wrapped(std::string_view line, std::size_t columns, std::size_t indent) {
  if (columns == 0 || line.size() <= columns) return std::string(line);
  const std::string margin(indent, ' ');
  // Blanks at the beginning are the first part's own indent, and those inside may be the gap of a column.
  std::string out;
  std::size_t used = 0;
  std::size_t at = 0;
  while (at < line.size()) {
    const std::size_t word = std::min(line.find_first_not_of(' ', at), line.size());
    const std::size_t end = std::min(line.find(' ', word), line.size());
    const bool breaks = used > 0 && used + (end - at) > columns;
    if (breaks) {
      out += "\n" + margin;
      used = indent + (end - word);
    } else {
      out += line.substr(at, word - at);
      used += end - at;
    }
    out += line.substr(word, end - word);
    at = end;
  }
  return out;
}

}  // namespace doorward::cli
