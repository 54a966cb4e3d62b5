#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue/implementation.h"

/// The first line names a tool, the rest is a file of a package, and what stands behind a NUL its source map.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace doorward::catalogue;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line = text.find('\n');
  if (line == std::string_view::npos || line == 0) return 0;
  const std::string_view rest = text.substr(line + 1);
  const std::size_t end = std::min(rest.find('\0'), rest.size());
  const std::vector<SourceFile> files = {
      {"a.js", std::string(rest.substr(0, end))},
      {"a.js.map", std::string(rest.substr(std::min(end + 1, rest.size())))}};
  const std::vector<std::string> tools = {std::string(text.substr(0, line))};
  for (const Implementation& one : locate_tools(files, tools, {}).tools) {
    for (const CodePlace& place : one.places) {
      if (place.first == 0 || place.last < place.first) __builtin_trap();
    }
  }
  return 0;
}
