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
  enum class Kind : std::uint8_t { request, response };
  enum class Step : std::uint8_t { need_more, first_line, complete, refused };

  explicit HeadReader(Kind kind) : kind_(kind) {}

  /// Yields the first line (`line`, at `offset`) once, then reads header lines until something is missing.
  Step next(std::string_view bytes, std::string_view& line, std::size_t& offset);
  /// Forgets the head just read and starts behind it, in the same buffer (interim responses).
  void skip();
  void reset();
  void rebase(const char* bytes) { headers_.base_ = bytes; }

  /// Always false. A response's refusal has status 502 whatever is given.
  bool refuse(std::uint16_t status, const char* reason) {
    refusal_ = {kind_ == Kind::request ? status : std::uint16_t{502}, reason};
    return false;
  }
  const Refusal& refusal() const { return refusal_; }
  const Headers& headers() const { return headers_; }
  std::string_view text(std::uint16_t offset, std::uint16_t size) const {
    return {headers_.base_ + offset, size};
  }
  std::size_t size() const { return position_; }
  bool begun() const { return begun_; }

  /// The rules that both kinds share. Each returns false after refusing.
  bool read_content_length(std::uint64_t& length);
  bool read_transfer_encoding();
  /// Looks for `close` and `keep-alive` among all Connection lines.
  bool read_connection(bool& close, bool& keep_alive);

 private:
  Step starve(const char* line, const char* end);
  Step no_name(const char* at, const char* line);
  bool record(const char* name, std::size_t name_size, const char* value, std::size_t value_size);

  Headers headers_;
  Refusal refusal_;
  std::uint32_t position_ = 0;  // of the first line not read yet
  bool have_first_ = false;
  bool begun_ = false;
  Kind kind_;
};

}  // namespace doorward::http
