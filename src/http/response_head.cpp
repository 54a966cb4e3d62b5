#include "http/response_head.h"

#include "http/chars.h"

namespace doorward::http {

namespace {
constexpr std::uint8_t kMaxInterim = 8;
}

void ResponseHead::reset() {
  reader_.reset();
  content_length_ = 0;
  status_ = 0;
  interim_ = 0;
  framing_ = Framing::none;
  http_1_0_ = false;
  keep_alive_ = true;
}

ParseState ResponseHead::parse(std::string_view bytes) {
  if (reader_.refusal().status != 0) return ParseState::refused;
  std::string_view line;
  std::size_t offset = 0;
  for (;;) {
    HeadReader::Step step = reader_.next(bytes, line, offset);
    if (step == HeadReader::Step::first_line) {
      if (!first_line(line)) return ParseState::refused;
      step = reader_.next(bytes, line, offset);
    }
    if (step == HeadReader::Step::need_more) return ParseState::need_more;
    if (step == HeadReader::Step::refused) return ParseState::refused;
    if (status_ >= 200) return finish() ? ParseState::done : ParseState::refused;
    if (!skip_interim()) return ParseState::refused;
    reader_.skip();
  }
}

bool ResponseHead::skip_interim() {
  bool close = false;
  bool keep_alive = false;
  if (!reader_.read_connection(close, keep_alive)) return false;
  if (status_ == 101 || http_1_0_ || close || has(Field::transfer_encoding) || has(Field::content_length)) {
    return reader_.refuse(
        502, "the server sent 101, or an interim response with a body or at the end of its connection");
  }
  if (++interim_ > kMaxInterim) return reader_.refuse(502, "the server sent more than 8 interim responses");
  return true;
}

bool ResponseHead::first_line(std::string_view line) {
  const bool version = line.starts_with("HTTP/1.1") || line.starts_with("HTTP/1.0");
  const bool shape = version && line.size() >= 12 && line[8] == ' ' && is_digit(line[9]) &&
                     is_digit(line[10]) && is_digit(line[11]) && (line.size() == 12 || line[12] == ' ');
  if (!shape || line[9] < '1' || line[9] > '5') {
    return reader_.refuse(502, "the server's first line is no HTTP/1.1 status line");
  }
  http_1_0_ = line[7] == '0';
  status_ = static_cast<std::uint16_t>((line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0'));
  return true;
}

bool ResponseHead::finish() {
  bool close = false;
  bool keep_alive = false;
  if (has(Field::connection) && !reader_.read_connection(close, keep_alive)) return false;
  keep_alive_ = http_1_0_ ? keep_alive && !close : !close;

  const bool bodiless = status_ == 204 || status_ == 304;
  if (has(Field::transfer_encoding)) {
    if (!reader_.read_transfer_encoding()) return false;
    if (http_1_0_ || bodiless)
      return reader_.refuse(502, "the server sent Transfer-Encoding where it may not stand");
    framing_ = Framing::chunked;
  } else if (has(Field::content_length)) {
    if (!reader_.read_content_length(content_length_)) return false;
    // Readers differ on whether a body follows 304 with a length; we never ask conditionally, so nothing is
    // lost.
    if (bodiless && content_length_ > 0)
      return reader_.refuse(502, "the server sent 204 or 304 with a length");
    framing_ = content_length_ > 0 ? Framing::length : Framing::none;
  } else if (!bodiless) {
    framing_ = Framing::until_close;
    keep_alive_ = false;
  }
  return true;
}

}  // namespace doorward::http
