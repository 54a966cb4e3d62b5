#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/head.h"

namespace doorward::http {

/// What request and response heads have in common: finding lines incrementally and reading header lines.
/// Private to RequestHead and ResponseHead.
class HeadReader {
 public:
  enum class Step : std::uint8_t { need_more, first_line, complete, refused };
  enum class Names : std::uint8_t { plain, with_underscores };

  explicit HeadReader(Names names, std::uint16_t long_first_line)
      : names_(names), long_first_(long_first_line) {}

  /// Yields the first line (`line`, at `offset`) once, then reads header lines until something is missing.
  Step next(std::string_view bytes, std::string_view& line, std::size_t& offset);
  /// Forgets everything but starts behind the head just read, in the same buffer (interim responses).
  void skip();
  void reset();
  void rebase(const char* bytes) { headers_.base_ = bytes; }

  bool refuse(std::uint16_t status, const char* reason) {
    refusal_ = {status, reason};
    return false;
  }
  const Refusal& refusal() const { return refusal_; }
  const Headers& headers() const { return headers_; }
  std::string_view text(std::uint16_t offset, std::uint16_t size) const {
    return {headers_.base_ + offset, size};
  }
  std::size_t size() const { return position_; }
  bool begun() const { return begun_; }

 private:
  bool header_line(const char* begin, const char* end);
  Step starve(std::string_view bytes);

  Headers headers_;
  Refusal refusal_;
  std::uint32_t start_ = 0;     // of this head: behind skipped ones
  std::uint32_t position_ = 0;  // of the first line not read yet
  std::uint32_t scanned_ = 0;   // no CR in [position_, scanned_)
  bool have_first_ = false;
  bool begun_ = false;
  Names names_;
  std::uint16_t long_first_;
};

}  // namespace doorward::http
