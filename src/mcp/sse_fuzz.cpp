// The reader agrees with the standard's own algorithm, however the stream is split.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "mcp/test_sse_reference.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace doorward::mcp::testing;
  if (size < 2) return 0;
  const std::string stream(reinterpret_cast<const char*>(data) + 2, size - 2);
  if (parse_in_pieces(stream, 1 + data[0], 1 + data[1]) != parse_slowly(stream)) std::abort();
  return 0;
}
