// Whatever the splits, the lines are those between the line feeds of the whole stream.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "mcp/line_framer.h"

namespace {

constexpr std::size_t kMost = 64;

// The lines before the first one that is too long, then "!" for that one.
std::vector<std::string> slowly(const std::string& stream) {
  std::vector<std::string> lines;
  std::string line;
  for (const char c : stream) {
    if (c != '\n') {
      line += c;
      if (line.size() > kMost) {
        lines.emplace_back("!");
        return lines;
      }
      continue;
    }
    if (line.ends_with('\r')) line.pop_back();
    if (line.find_first_not_of(" \t\r") != std::string::npos) lines.push_back(line);
    line.clear();
  }
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using doorward::mcp::LineFramer;
  if (size < 1) return 0;
  const std::string stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t step = 1 + data[0];
  LineFramer framer(kMost);
  std::vector<std::string> lines;
  LineFramer::Step got = LineFramer::Step::more;
  for (std::size_t at = 0; at < stream.size() && got != LineFramer::Step::too_large; at += step) {
    const std::string piece = stream.substr(at, step);
    std::string_view rest = piece;
    std::string_view line;
    while ((got = framer.next(rest, line)) == LineFramer::Step::line) lines.emplace_back(line);
  }
  if (got == LineFramer::Step::too_large) lines.emplace_back("!");
  if (lines != slowly(stream)) std::abort();
  return 0;
}
