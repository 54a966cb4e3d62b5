#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/head.h"
#include "http/head_reader.h"

namespace doorward::http {

/// The strict parser of an upstream's response heads, HTTP/1.1 and 1.0. Interim responses (1xx) are skipped,
/// at most 8; 101 is refused, as we never ask for an upgrade. Reuse and lifetime as RequestHead; a refusal's
/// status is 502, the upstream connection must be closed.
///
/// Lying lengths: too short is an end of the stream before BodyDecoder is done; too long are bytes behind the
/// body on a connection without a request under way. Both end the connection.
class ResponseHead {
 public:
  ParseState parse(std::string_view bytes);
  void reset();
  void rebase(const char* bytes) { reader_.rebase(bytes); }
  /// After need_more: whether anything of a response has arrived.
  bool begun() const { return interim_ != 0 || reader_.begun(); }

  const Refusal& refusal() const { return reader_.refusal(); }
  std::size_t size() const { return reader_.size(); }  ///< skipped interim heads included

  int status() const { return status_; }
  const Headers& headers() const { return reader_.headers(); }
  bool has(Field field) const { return headers().has(field); }
  std::string_view get(Field field) const { return headers().get(field); }

  Framing framing() const { return framing_; }
  std::uint64_t content_length() const { return content_length_; }
  /// Whether the connection may carry another request once the body has ended.
  bool keep_alive() const { return keep_alive_; }

 private:
  bool first_line(std::string_view line);
  bool skip_interim();
  bool finish();

  HeadReader reader_{HeadReader::Kind::response};
  std::uint64_t content_length_ = 0;
  std::uint16_t status_ = 0;
  std::uint8_t interim_ = 0;
  Framing framing_ = Framing::none;
  bool http_1_0_ = false;
  bool keep_alive_ = true;
};

}  // namespace doorward::http
