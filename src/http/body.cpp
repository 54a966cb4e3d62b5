#include "http/body.h"

#include <algorithm>
#include <cstring>

#include "http/chars.h"

namespace doorward::http {

namespace {

constexpr std::uint64_t kMaxOverhead = 8192;
constexpr std::uint32_t kMaxChunkDigits = 15;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return (c | 0x20) - 'a' + 10;
}

}  // namespace

ParseState BodyDecoder::begin(Framing framing, std::uint64_t content_length, std::uint64_t limit) {
  *this = BodyDecoder();
  framing_ = framing;
  limit_ = limit;
  state_ = framing == Framing::none ? ParseState::done : ParseState::need_more;
  if (framing == Framing::length) {
    left_ = content_length;
    if (content_length > limit) {
      refuse(413, "the body is longer than the configured limit; send a smaller one");
    } else if (content_length == 0) {
      state_ = ParseState::done;
    }
  }
  return state_;
}

bool BodyDecoder::refuse(std::uint16_t status, const char* reason) {
  refusal_ = {status, reason};
  state_ = ParseState::refused;
  return false;
}

BodyDecoder::Step BodyDecoder::decode(const char* from, std::size_t size, char* to) {
  Step step;
  while (step.consumed < size && state_ == ParseState::need_more) {
    if (framing_ == Framing::chunked && at_ != At::data) {
      const char c = from[step.consumed++];
      step_framing(c);
      continue;
    }
    std::uint64_t take = size - step.consumed;
    if (framing_ != Framing::until_close) take = std::min(take, left_);
    if (payload_ + take > limit_) {
      refuse(413, "the body is longer than the configured limit; send a smaller one");
      break;
    }
    if (to + step.produced != from + step.consumed)
      std::memmove(to + step.produced, from + step.consumed, take);
    step.consumed += take;
    step.produced += take;
    payload_ += take;
    if (framing_ == Framing::until_close) break;
    left_ -= take;
    if (left_ > 0) break;
    if (framing_ == Framing::length) {
      state_ = ParseState::done;
    } else {
      at_ = At::data_cr;
    }
  }
  step.state = state_;
  return step;
}

bool BodyDecoder::step_framing(char c) {
  if (++overhead_ > kMaxOverhead + payload_) {
    return refuse(400, "the chunks' framing is far larger than their payload; send larger chunks");
  }
  const auto expect = [&](char wanted, At next) {
    if (c != wanted)
      return refuse(400, "a chunk's line does not end with CR LF; send correct chunked coding");
    at_ = next;
    return true;
  };
  switch (at_) {
    case At::size_first:
      digits_ = 0;
      left_ = 0;
      if (!is_hex(c))
        return refuse(400, "a chunk has no size in hexadecimal digits; send correct chunked coding");
      at_ = At::size;
      [[fallthrough]];
    case At::size:
      if (is_hex(c)) {
        if (++digits_ > kMaxChunkDigits)
          return refuse(400, "a chunk's size has too many digits; send smaller chunks");
        left_ = left_ * 16 + static_cast<std::uint64_t>(hex_value(c));
        return true;
      }
      if (left_ > limit_ - payload_) {
        return refuse(413, "the body is longer than the configured limit; send a smaller one");
      }
      if (c == ';') return refuse(400, "chunk extensions are not accepted; leave them out");
      return expect('\r', At::size_lf);
    case At::size_lf:
      return expect('\n', left_ > 0 ? At::data : At::trailer_start);
    case At::data_cr:
      return expect('\r', At::data_lf);
    case At::data_lf:
      return expect('\n', At::size_first);
    case At::trailer_start:
      if (c == '\r') {
        at_ = At::end_lf;
        return true;
      }
      if (!is_token_char(c)) return refuse(400, "a trailer without a valid name; leave trailers out");
      at_ = At::trailer_name;
      return true;
    case At::trailer_name:
      if (c == ':') {
        at_ = At::trailer_value;
        return true;
      }
      if (!is_token_char(c)) return refuse(400, "a trailer without a valid name; leave trailers out");
      return true;
    case At::trailer_value:
      if (is_value_char(c)) return true;
      return expect('\r', At::trailer_lf);
    case At::trailer_lf:
      return expect('\n', At::trailer_start);
    case At::end_lf:
      if (!expect('\n', At::end_lf)) return false;
      state_ = ParseState::done;
      return true;
    case At::data:
      break;
  }
  return refuse(400, "the chunked body cannot be read");
}

ParseState BodyDecoder::end_of_stream() {
  if (state_ != ParseState::need_more) return state_;
  if (framing_ == Framing::until_close) {
    state_ = ParseState::done;
  } else {
    refuse(400, "the connection ended before the body was complete");
  }
  return state_;
}

}  // namespace doorward::http
