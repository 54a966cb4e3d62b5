#include "http/head_reader.h"

#include "base/text.h"
#include "http/chars.h"

namespace doorward::http {

namespace {

constexpr std::uint64_t bit(Field field) {
  return std::uint64_t{1} << static_cast<unsigned>(field);
}

/// Fields that we, an upstream or a client act on: sent twice, two readers could take different ones.
constexpr std::uint64_t kSingletons =
    bit(Field::authorization) | bit(Field::content_encoding) | bit(Field::content_length) |
    bit(Field::content_type) | bit(Field::cookie) | bit(Field::expect) | bit(Field::host) |
    bit(Field::if_none_match) | bit(Field::last_event_id) | bit(Field::location) | bit(Field::mcp_method) |
    bit(Field::mcp_name) | bit(Field::mcp_protocol_version) | bit(Field::mcp_session_id) |
    bit(Field::origin) | bit(Field::sec_fetch_site) | bit(Field::transfer_encoding);
static_assert(kFieldCount <= 64);

}  // namespace

Headers::Found Headers::find(std::string_view name) const {
  Found found;
  for (std::size_t i = 0; i < count_; ++i) {
    const Header header = (*this)[i];
    if (header.field != Field::other || !equal_ignoring_case(header.name, name)) continue;
    if (found.count++ == 0) found.value = header.value;
  }
  return found;
}

void HeadReader::reset() {
  skip();
  position_ = 0;
  begun_ = false;
  refusal_ = {};
}

void HeadReader::skip() {
  headers_.count_ = 0;
  headers_.first_.fill(0);
  have_first_ = false;
}

/// The bytes ended within `line`: either more is to come, or a bound is broken already.
HeadReader::Step HeadReader::starve(const char* line, const char* end) {
  const auto line_size = static_cast<std::size_t>(end - line);
  const auto head_size = static_cast<std::size_t>(end - headers_.base_);
  if (line_size > kMaxLine + 1 && !have_first_) {
    refuse(414, "the request line is longer than 8 KB; send a shorter target");
  } else if (line_size > kMaxLine + 1) {
    refuse(431, "a header line is longer than 8 KB; send shorter headers");
  } else if (head_size >= kMaxHeadBytes) {
    refuse(431, "the head is longer than 64 KB; send fewer headers");
  } else {
    return Step::need_more;
  }
  return Step::refused;
}

/// The line has no header name followed by a colon; `at` is the first byte that does not belong.
HeadReader::Step HeadReader::no_name(const char* at, const char* line) {
  if (at == line && is_blank(*at)) {
    refuse(400, "a header line begins with white space; folded headers are not accepted");
  } else if (at == line && *at == '\n') {
    refuse(400, "a line ends with LF alone; end lines with CR LF");
  } else if (is_blank(*at)) {
    refuse(400, "white space before the colon of a header; remove it");
  } else {
    refuse(400, "a header line without a valid name and colon; send `Name: value`");
  }
  return Step::refused;
}

bool HeadReader::record(const char* name, std::size_t name_size, const char* value, std::size_t value_size) {
  if (headers_.count_ == kMaxHeaders) return refuse(431, "more than 100 headers; send fewer");
  const Field field = field_of({name, name_size});
  if (field != Field::other) {
    std::uint8_t& first = headers_.first_[static_cast<std::size_t>(field)];
    if (first == 0) {
      first = static_cast<std::uint8_t>(headers_.count_ + 1);
    } else if ((kSingletons & bit(field)) != 0) {
      const bool media = field == Field::content_type || field == Field::content_encoding;
      return refuse(media ? 415 : 400, "a header that may stand once was sent twice; send it once");
    }
  }
  const auto offset = [this](const char* at) { return static_cast<std::uint16_t>(at - headers_.base_); };
  headers_.lines_[headers_.count_++] = {offset(name), static_cast<std::uint16_t>(name_size), offset(value),
                                        static_cast<std::uint16_t>(value_size), field};
  return true;
}

HeadReader::Step HeadReader::next(std::string_view bytes, std::string_view& line_out, std::size_t& offset) {
  headers_.base_ = bytes.data();
  begun_ = !bytes.empty();
  const char* const end = bytes.data() + bytes.size();
  const char* line = bytes.data() + position_;
  const unsigned name_bad = kind_ == Kind::request ? detail::kUnderscore : 0u;

  if (!have_first_) {
    const char* const stop = find_control(line, end);
    if (stop == end || (*stop == '\r' && stop + 1 == end)) return starve(line, end);
    if (*stop != '\r' || stop[1] != '\n') {
      refuse(400, "the first line holds a control character or does not end with CR LF; send HTTP/1.1");
      return Step::refused;
    }
    if (static_cast<std::size_t>(stop - line) > kMaxLine) {
      refuse(414, "the request line is longer than 8 KB; send a shorter target");
      return Step::refused;
    }
    have_first_ = true;
    offset = position_;
    line_out = {line, static_cast<std::size_t>(stop - line)};
    position_ = static_cast<std::uint32_t>(stop + 2 - bytes.data());
    if (position_ > kMaxHeadBytes) return starve(line, line + kMaxHeadBytes);
    return Step::first_line;
  }

  for (;;) {
    if (line == end) return starve(line, end);
    if (*line == '\r') {
      if (line + 1 == end) return starve(line, end);
      if (line[1] != '\n') {
        refuse(400, "a CR without LF; end lines with CR LF");
        return Step::refused;
      }
      position_ += 2;
      return Step::complete;
    }
    const char* colon = line;
    unsigned seen = 0;
    while (colon != end) {
      const unsigned bits = detail::kClasses[static_cast<unsigned char>(*colon)];
      if ((bits & detail::kToken) == 0) break;
      seen |= bits;
      ++colon;
    }
    if (colon == end) return starve(line, end);
    if (*colon != ':' || colon == line) return no_name(colon, line);
    if ((seen & name_bad) != 0) {
      refuse(400, "a header name with an underscore, which other programs read as a hyphen; rename it");
      return Step::refused;
    }
    const char* value = colon + 1;
    while (value != end && is_blank(*value)) ++value;
    const char* const stop = find_control(value, end);
    if (stop == end || (*stop == '\r' && stop + 1 == end)) return starve(line, end);
    if (*stop != '\r' || stop[1] != '\n') {
      refuse(400, "a control character in a header's value, or a line that does not end with CR LF");
      return Step::refused;
    }
    if (static_cast<std::size_t>(stop - line) > kMaxLine) {
      refuse(431, "a header line is longer than 8 KB; send shorter headers");
      return Step::refused;
    }
    if (static_cast<std::size_t>(stop + 4 - bytes.data()) > kMaxHeadBytes) {
      refuse(431, "the head is longer than 64 KB; send fewer headers");
      return Step::refused;
    }
    const char* tail = stop;
    while (tail != value && is_blank(tail[-1])) --tail;
    if (!record(line, static_cast<std::size_t>(colon - line), value,
                static_cast<std::size_t>(tail - value))) {
      return Step::refused;
    }
    line = stop + 2;
    position_ = static_cast<std::uint32_t>(line - bytes.data());
  }
}

/// Some parsers take a tab behind the value as a part of it, and then frame the body in another way.
static bool only_spaces_behind(std::string_view value) {
  const char* behind = value.data() + value.size();
  while (*behind == ' ') ++behind;
  return *behind == '\r';
}

bool HeadReader::read_content_length(std::uint64_t& length) {
  const std::string_view text = headers_.get(Field::content_length);
  std::uint64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return refuse(400, "Content-Length is no plain decimal number; send digits only");
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (text.empty() || text.size() > 18 || (text.size() > 1 && text.front() == '0')) {
    return refuse(400, "Content-Length is empty, has leading zeros or is out of range; send the body's size");
  }
  if (!only_spaces_behind(text)) return refuse(400, "a tab behind Content-Length; send digits only");
  length = value;
  return true;
}

bool HeadReader::read_transfer_encoding() {
  if (headers_.has(Field::content_length)) {
    return refuse(400, "Content-Length and Transfer-Encoding together; send one of them");
  }
  const std::string_view coding = headers_.get(Field::transfer_encoding);
  if (!equal_ignoring_case(coding, "chunked") || !only_spaces_behind(coding)) {
    return refuse(
        400, "a Transfer-Encoding other than exactly `chunked`; send the body chunked or with its length");
  }
  return true;
}

bool HeadReader::read_connection(bool& close, bool& keep_alive) {
  for (std::size_t i = 0; i < headers_.size(); ++i) {
    if (headers_.lines_[i].field != Field::connection) continue;
    std::string_view rest = headers_[i].value;
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      std::string_view option = rest.substr(0, comma);
      rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
      while (!option.empty() && is_blank(option.front())) option.remove_prefix(1);
      while (!option.empty() && is_blank(option.back())) option.remove_suffix(1);
      if (option.empty()) continue;
      if (!is_token(option))
        return refuse(400, "Connection is no list of tokens; send `keep-alive` or `close`");
      close = close || equal_ignoring_case(option, "close");
      keep_alive = keep_alive || equal_ignoring_case(option, "keep-alive");
    }
  }
  return true;
}

}  // namespace doorward::http
