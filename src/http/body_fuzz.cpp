// Chunked bodies: decoding in place, into another place and byte by byte give the same; llhttp agrees.
#include <cstdint>

#include "http/llhttp_oracle.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace doorward::http;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto begun = [] {
    BodyDecoder body;
    body.begin(Framing::chunked, 0, 65536);
    return body;
  };
  std::string in_place(bytes);
  BodyDecoder body = begun();
  const BodyDecoder::Step whole = body.decode(in_place.data(), size, in_place.data());
  in_place.resize(whole.produced);

  std::string stepped;
  std::size_t consumed = 0;
  BodyDecoder slow = begun();
  while (consumed < size && slow.state() == ParseState::need_more) {
    char out = 0;
    const BodyDecoder::Step step = slow.decode(bytes.data() + consumed, 1, &out);
    if (step.produced != 0) stepped += out;
    consumed += step.consumed;
  }
  if (slow.state() != whole.state || (whole.state != ParseState::refused && stepped != in_place)) {
    disagree("a split", in_place, stepped);
  }
  if (whole.state != ParseState::done) return 0;
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string message = head + std::string(bytes.substr(0, whole.consumed));
  const LlhttpMessage theirs = read_with_llhttp(message, true, false);
  if (!theirs.complete && !theirs.last_chunk) disagree("the body being acceptable", in_place, theirs.error);
  if (theirs.body != in_place) disagree("the body", in_place, theirs.body);
  return 0;
}
