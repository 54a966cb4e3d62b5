#include "http/request_head.h"

#include <array>

#include "base/text.h"
#include "http/chars.h"
#include "http/url.h"

namespace doorward::http {

namespace {

constexpr std::array<std::string_view, 7> kMethods = {"GET",   "HEAD",   "POST",   "PUT",
                                                      "PATCH", "DELETE", "OPTIONS"};

bool find_method(std::string_view text, Method& method) {
  for (std::size_t i = 0; i < kMethods.size(); ++i) {
    if (kMethods[i] != text) continue;
    method = static_cast<Method>(i);
    return true;
  }
  return false;
}

bool is_version(std::string_view text) {
  return text.size() == 8 && text.starts_with("HTTP/") && is_digit(text[5]) && text[6] == '.' &&
         is_digit(text[7]);
}

}  // namespace

std::string_view method_name(Method method) {
  return kMethods[static_cast<std::size_t>(method)];
}

std::string_view RequestHead::query() const {
  return path_size_ < target_size_ ? target().substr(path_size_ + 1u) : std::string_view{};
}

void RequestHead::reset() {
  reader_.reset();
  content_length_ = 0;
  method_ = Method::get;
  framing_ = Framing::none;
  keep_alive_ = true;
  expects_continue_ = false;
}

ParseState RequestHead::parse(std::string_view bytes) {
  if (reader_.refusal().status != 0) return ParseState::refused;
  std::string_view line;
  std::size_t offset = 0;
  HeadReader::Step step = reader_.next(bytes, line, offset);
  if (step == HeadReader::Step::first_line) {
    if (!first_line(line)) return ParseState::refused;
    step = reader_.next(bytes, line, offset);
  }
  if (step == HeadReader::Step::need_more) return ParseState::need_more;
  if (step == HeadReader::Step::refused || !finish()) return ParseState::refused;
  return ParseState::done;
}

bool RequestHead::first_line(std::string_view line) {
  const std::size_t method_end = line.find(' ');
  const std::size_t version = line.rfind(' ');
  if (method_end == std::string_view::npos || !is_token(line.substr(0, method_end))) {
    return reader_.refuse(400, "the first line is no HTTP request; send `METHOD /path HTTP/1.1`");
  }
  if (version == method_end || !is_version(line.substr(version + 1))) {
    return reader_.refuse(400, "the request line has no HTTP version; send `METHOD /path HTTP/1.1`");
  }
  if (line.substr(version + 1) != "HTTP/1.1") {
    return reader_.refuse(505, "only HTTP/1.1 is spoken here; a proxy in front must use it too");
  }
  if (!find_method(line.substr(0, method_end), method_)) {
    return reader_.refuse(501, "unknown method; methods are upper case, such as GET and POST");
  }
  target_ = static_cast<std::uint16_t>(method_end + 1);
  target_size_ = static_cast<std::uint16_t>(version - method_end - 1);
  return check_target();
}

/// Origin form only, and a path that no reader would rewrite: a percent sign, `;`, `//`, `.` or `..` as a
/// segment is answered like an unknown path (attack case T079).
bool RequestHead::check_target() {
  const std::string_view text = target();
  if (text.empty() || text.front() != '/') {
    return reader_.refuse(400, "the target is no absolute path; send `/path`, with the host in Host");
  }
  std::size_t at = 0;
  while (at < text.size() && has_class(text[at], detail::kPath)) ++at;
  bool plain = true;
  while (at < text.size() && (text[at] == '%' || text[at] == ';' || has_class(text[at], detail::kPath))) {
    plain = false;
    ++at;
  }
  path_size_ = static_cast<std::uint16_t>(at);
  if (at < text.size()) {
    if (text[at] != '?')
      return reader_.refuse(400, "the target holds a character that no URL may; encode it");
    for (++at; at < text.size(); ++at) {
      const bool coded =
          text[at] != '%' || (at + 2 < text.size() && is_hex(text[at + 1]) && is_hex(text[at + 2]));
      if (!coded || !has_class(text[at], detail::kQuery)) {
        return reader_.refuse(400, "the query holds a character that no URL may; encode it");
      }
    }
  }
  const std::string_view name = path();
  for (std::size_t i = 0; i < name.size() && plain; ++i) {
    if (name[i] != '/') continue;
    const std::string_view rest = name.substr(i + 1);
    const std::string_view segment = rest.substr(0, rest.find('/'));
    plain = (!segment.empty() || rest.empty()) && segment != "." && segment != "..";
  }
  if (!plain) return reader_.refuse(404, "no such path; paths are compared as sent and never decoded");
  return true;
}

bool RequestHead::finish() {
  Authority host;
  if (!has(Field::host)) return reader_.refuse(400, "no Host header; send the name of this server");
  if (!parse_authority(get(Field::host), host)) {
    return reader_.refuse(400, "Host is no host name with an optional port; send the name of this server");
  }
  if (has(Field::transfer_encoding)) {
    if (!reader_.read_transfer_encoding()) return false;
    framing_ = Framing::chunked;
  } else if (has(Field::content_length)) {
    if (!reader_.read_content_length(content_length_)) return false;
    if (content_length_ > 0) framing_ = Framing::length;
  }
  if (framing_ != Framing::none && (method_ == Method::get || method_ == Method::head ||
                                    method_ == Method::del || method_ == Method::options)) {
    return reader_.refuse(400, "a body with a method that has none; send it with POST, or leave it out");
  }
  if (has(Field::upgrade)) {
    return reader_.refuse(400, "no other protocol is spoken here; leave out Upgrade and use plain HTTP/1.1");
  }
  if (has(Field::expect)) {
    if (!equal_ignoring_case(get(Field::expect), "100-continue")) {
      return reader_.refuse(417, "only the expectation `100-continue` is known; leave out Expect");
    }
    expects_continue_ = framing_ != Framing::none;
  }
  if (has(Field::connection)) {
    bool close = false;
    bool keep_alive = false;
    if (!reader_.read_connection(close, keep_alive)) return false;
    keep_alive_ = !close;
  }
  return true;
}

}  // namespace doorward::http
