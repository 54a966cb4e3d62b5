#include "http/head_writer.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <ctime>

#include "http/chars.h"

namespace doorward::http {

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 508:
      return "Loop Detected";
    default:
      return "Status";
  }
}

void HeadWriter::put(std::string_view bytes) {
  if (static_cast<std::size_t>(end_ - at_) < bytes.size()) {
    failed_ = true;
    return;
  }
  if (bytes.empty()) return;  // its data may be null, which memcpy does not take
  std::memcpy(at_, bytes.data(), bytes.size());
  at_ += bytes.size();
}

HeadWriter& HeadWriter::response(int status) {
  if (status < 100 || status > 599) failed_ = true;
  const char digits[3] = {static_cast<char>('0' + status / 100 % 10),
                          static_cast<char>('0' + status / 10 % 10), static_cast<char>('0' + status % 10)};
  put("HTTP/1.1 ");
  put({digits, 3});
  put(" ");
  put(reason_phrase(status));
  put("\r\n");
  return *this;
}

HeadWriter& HeadWriter::request(Method method, std::string_view target, std::string_view host) {
  const bool fine =
      !target.empty() && target.front() == '/' &&
      std::all_of(target.begin(), target.end(), [](char c) { return has_class(c, detail::kQuery); });
  if (!fine) failed_ = true;
  put(method_name(method));
  put(" ");
  put(target);
  put(" HTTP/1.1\r\n");
  return field("Host", host);
}

HeadWriter& HeadWriter::field(std::string_view name, std::string_view value) {
  if (!is_token(name) ||
      find_control(value.data(), value.data() + value.size()) != value.data() + value.size()) {
    failed_ = true;
    return *this;
  }
  put(name);
  put(": ");
  put(value);
  put("\r\n");
  return *this;
}

HeadWriter& HeadWriter::field(std::string_view name, std::uint64_t value) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  return field(name, std::string_view(digits, static_cast<std::size_t>(end - digits)));
}

HeadWriter& HeadWriter::content_length(std::uint64_t bytes) {
  return field("Content-Length", bytes);
}

HeadWriter& HeadWriter::lines(std::string_view ready) {
  put(ready);
  return *this;
}

std::string_view HeadWriter::finish() {
  put("\r\n");
  if (failed_) return {};
  return {begin_, static_cast<std::size_t>(at_ - begin_)};
}

std::string_view DateValue::at(std::int64_t wall_us) {
  const std::int64_t second = wall_us / 1'000'000;
  if (second != second_) {
    static constexpr char kDays[] = "SunMonTueWedThuFriSat";
    static constexpr char kMonths[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    std::tm utc{};
    const std::time_t when = second;
    ::gmtime_r(&when, &utc);
    const auto two = [](int n, char* to) {
      to[0] = static_cast<char>('0' + n / 10 % 10);
      to[1] = static_cast<char>('0' + n % 10);
    };
    std::memcpy(text_.data(), "Www, 00 Mmm 0000 00:00:00 GMT", text_.size());
    std::memcpy(text_.data(), kDays + utc.tm_wday * 3, 3);
    two(utc.tm_mday, text_.data() + 5);
    std::memcpy(text_.data() + 8, kMonths + utc.tm_mon * 3, 3);
    two((utc.tm_year + 1900) / 100, text_.data() + 12);
    two(utc.tm_year % 100, text_.data() + 14);
    two(utc.tm_hour, text_.data() + 17);
    two(utc.tm_min, text_.data() + 20);
    two(utc.tm_sec, text_.data() + 23);
    second_ = second;
  }
  return {text_.data(), text_.size()};
}

}  // namespace doorward::http
