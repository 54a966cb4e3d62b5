#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "http/field.h"
#include "http/request_head.h"

namespace doorward::http {

/// The reason phrase of a status; fixed texts, never an upstream's (attack case T093).
std::string_view reason_phrase(int status);

/// Builds one head into a buffer of the caller. Nothing is written past its end: too little room, a value
/// with CR, LF, NUL or another control character, or a name that is no token make finish() return an empty
/// view.
class HeadWriter {
 public:
  explicit HeadWriter(std::span<char> into) : begin_(into.data()), at_(begin_), end_(begin_ + into.size()) {}

  HeadWriter& response(int status);
  /// `target` in origin form; `host` is the authority of the Host field.
  HeadWriter& request(Method method, std::string_view target, std::string_view host);
  HeadWriter& field(std::string_view name, std::string_view value);
  HeadWriter& field(std::string_view name, std::uint64_t value);
  HeadWriter& content_length(std::uint64_t bytes);
  /// Lines made ready before, with their CRLFs (`Server: x\r\nCache-Control: no-store\r\n`); trusted.
  HeadWriter& lines(std::string_view ready);

  /// Adds the empty line and returns the head; empty where anything went wrong.
  std::string_view finish();

 private:
  void put(std::string_view bytes);

  char* begin_;
  char* at_;
  char* end_;
  bool failed_ = false;
};

/// The value of the Date field (RFC 9110 5.6.7), made anew once a second. One per worker.
class DateValue {
 public:
  std::string_view at(std::int64_t wall_us);

 private:
  std::int64_t second_ = INT64_MIN;
  std::array<char, 29> text_{};
};

}  // namespace doorward::http
