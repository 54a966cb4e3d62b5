#pragma once

#include <cstddef>
#include <cstdint>

#include "http/head.h"

namespace doorward::http {

/// Finds the end of a body and takes the chunks' framing out of it, in place. Narrower than RFC 9112 7.1:
/// sizes of at most 15 digits, no extensions (readers disagree on their grammar, and nobody uses them), in
/// total at most 8 KB more framing than payload (attack case T074). Trailers are checked for form and thrown
/// away (T075).
class BodyDecoder {
 public:
  /// `limit`: most payload bytes; a longer body is refused with 413, a declared longer one at once.
  ParseState begin(Framing framing, std::uint64_t content_length, std::uint64_t limit);

  struct Step {
    ParseState state = ParseState::need_more;
    std::size_t consumed = 0;  ///< bytes of `from` used up
    std::size_t produced = 0;  ///< payload bytes now at `to`
  };
  /// Takes what it can of `from[0, size)` and puts payload at `to`, which may be `from` itself or lie before
  /// it in the same buffer (never behind). Consumes everything unless done or refused. With Content-Length
  /// and `to == from` nothing is copied.
  Step decode(const char* from, std::size_t size, char* to);

  /// The peer ended the stream: done for `until_close`, refused for all else that is not complete.
  ParseState end_of_stream();

  ParseState state() const { return state_; }
  const Refusal& refusal() const { return refusal_; }
  /// Payload bytes still to come where the length is known, else 0.
  std::uint64_t remaining() const { return framing_ == Framing::length ? left_ : 0; }

 private:
  enum class At : std::uint8_t {
    size_first,
    size,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_start,
    trailer_name,
    trailer_value,
    trailer_lf,
    end_lf,
  };
  bool step_framing(char c);
  bool refuse(std::uint16_t status, const char* reason);

  std::uint64_t left_ = 0;  // of the body (length) or of the chunk
  std::uint64_t limit_ = 0;
  std::uint64_t payload_ = 0;
  std::uint64_t overhead_ = 0;
  Refusal refusal_;
  std::uint32_t digits_ = 0;
  Framing framing_ = Framing::none;
  At at_ = At::size_first;
  ParseState state_ = ParseState::done;
};

}  // namespace doorward::http
