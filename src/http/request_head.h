#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/head.h"
#include "http/head_reader.h"

namespace doorward::http {

enum class Method : std::uint8_t { get, head, post, put, patch, del, options };
std::string_view method_name(Method method);

/// The strict parser of HTTP/1.1 request heads (RFC 9112, narrowed by attack-cases.md section D): CRLF only,
/// no folding, exactly one valid Host, origin-form target in normal form, Content-Length or Transfer-Encoding
/// `chunked` but never both, no field that we act on sent twice, no underscore in names, HTTP/1.1 alone, no
/// Upgrade, no body with GET, HEAD, DELETE and OPTIONS. In place, no allocation; about 1 KB, reusable.
class RequestHead {
 public:
  /// `bytes` are all bytes received since the head's first one; they may have moved since the last call and
  /// may run past the head. Wrong bytes are refused as soon as their line is complete, so a client never
  /// waits. Views refer into the last `bytes`; if the buffer moves after `done`, call rebase().
  ParseState parse(std::string_view bytes);
  void reset();
  void rebase(const char* bytes) { reader_.rebase(bytes); }
  /// After need_more: whether anything of a request has arrived. An idle connection has not begun.
  bool begun() const { return reader_.begun(); }

  const Refusal& refusal() const { return reader_.refusal(); }
  std::size_t size() const { return reader_.size(); }  ///< bytes of the head, its empty line included

  Method method() const { return method_; }
  std::string_view target() const { return reader_.text(target_, target_size_); }  ///< path and query
  std::string_view path() const { return reader_.text(target_, path_size_); }
  std::string_view query() const;  ///< after the `?`; empty where there is none
  const Headers& headers() const { return reader_.headers(); }
  bool has(Field field) const { return headers().has(field); }
  std::string_view get(Field field) const { return headers().get(field); }

  Framing framing() const { return framing_; }  ///< none, length or chunked
  std::uint64_t content_length() const { return content_length_; }
  bool keep_alive() const { return keep_alive_; }
  /// The client waits for `100 Continue` before it sends the body (T085: only after it is authorised).
  bool expects_continue() const { return expects_continue_; }

 private:
  bool first_line(std::string_view line);
  bool check_target();
  bool finish();

  HeadReader reader_{HeadReader::Kind::request};
  std::uint64_t content_length_ = 0;
  std::uint16_t target_ = 0;
  std::uint16_t target_size_ = 0;
  std::uint16_t path_size_ = 0;
  Method method_ = Method::get;
  Framing framing_ = Framing::none;
  bool keep_alive_ = true;
  bool expects_continue_ = false;
};

}  // namespace doorward::http
