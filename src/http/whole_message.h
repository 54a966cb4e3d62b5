#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/body.h"
#include "http/request_head.h"
#include "http/response_head.h"

namespace doorward::http {

/// One message read to its end, with everything copied out: what tests and fuzz targets compare.
struct WholeMessage {
  ParseState state = ParseState::need_more;
  int refusal = 0;
  std::string first;  ///< method and target, or the status
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::size_t head_size = 0;
  std::size_t consumed = 0;
  bool keep_alive = false;
  bool operator==(const WholeMessage&) const = default;
};

inline std::string describe_first(const RequestHead& head) {
  return std::string(method_name(head.method())) + " " + std::string(head.target());
}
inline std::string describe_first(const ResponseHead& head) {
  return std::to_string(head.status());
}

/// Reads one message from `bytes`, which arrive in pieces that end at `cuts` (ascending) and at the end.
/// Before each piece the buffer moves to memory of exactly its size, so that a sanitizer sees any stale or
/// long read.
template <typename Head>
WholeMessage read_whole(std::string_view bytes, const std::vector<std::size_t>& cuts = {},
                        bool then_eof = false, std::uint64_t limit = 1 << 20) {
  WholeMessage out;
  Head head;
  BodyDecoder body;
  bool have_head = false;
  std::size_t used = 0;
  std::unique_ptr<char[]> buffer;
  auto feed = [&](std::size_t end) {
    auto moved = std::make_unique<char[]>(end);
    std::memcpy(moved.get(), bytes.data(), end);
    buffer = std::move(moved);
    if (!have_head) {
      out.state = head.parse({buffer.get(), end});
      out.refusal = head.refusal().status;
      if (out.state != ParseState::done) return;
      have_head = true;
      out.head_size = used = head.size();
      out.first = describe_first(head);
      out.keep_alive = head.keep_alive();
      for (std::size_t i = 0; i < head.headers().size(); ++i) {
        const Header header = head.headers()[i];
        out.headers.emplace_back(header.name, header.value);
      }
      out.state = body.begin(head.framing(), head.content_length(), limit);
    }
    if (out.state == ParseState::need_more) {
      const BodyDecoder::Step step = body.decode(buffer.get() + used, end - used, buffer.get() + used);
      out.body.append(buffer.get() + used, step.produced);
      used += step.consumed;
      out.state = step.state;
    }
    out.refusal = body.refusal().status;
    out.consumed = used;
  };
  for (const std::size_t cut : cuts) {
    if (out.state == ParseState::need_more) feed(cut);
  }
  if (out.state == ParseState::need_more) feed(bytes.size());
  if (out.state == ParseState::need_more && have_head && then_eof) {
    out.state = body.end_of_stream();
    out.refusal = body.refusal().status;
  }
  return out;
}

}  // namespace doorward::http
