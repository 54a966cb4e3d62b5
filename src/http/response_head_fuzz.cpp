// Responses with their bodies up to the end of the stream: splits change nothing, llhttp agrees with all we
// accept.
#include <cstdint>

#include "http/llhttp_oracle.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace doorward::http;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const WholeMessage whole = read_whole<ResponseHead>(bytes, {}, true);
  if (size > 1) {
    const WholeMessage split = read_whole<ResponseHead>(bytes, {1 + (size * 7919u) % (size - 1)}, true);
    if (split.state != whole.state || split.refusal != whole.refusal || split.body != whole.body) {
      disagree("a split", whole.first, split.first);
    }
  }
  if (whole.state != ParseState::done) return 0;
  compare_with_llhttp(whole, read_with_llhttp(bytes.substr(0, whole.consumed), false, true));
  return 0;
}
