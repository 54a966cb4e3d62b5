#include "http/content_type.h"

#include "base/text.h"
#include "http/chars.h"

namespace doorward::http {

namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Cuts the part before the first `mark` off `rest`; `rest` becomes what follows the mark.
std::string_view cut(std::string_view& rest, char mark) {
  const std::size_t at = rest.find(mark);
  const std::string_view part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view{} : rest.substr(at + 1);
  return trim(part);
}

std::string_view unquote(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') return text.substr(1, text.size() - 2);
  return text;
}

/// Whether a weight (RFC 9110 12.4.2) is 0: only `0`, `0.`, `0.0` to `0.000` are.
bool is_zero(std::string_view weight) {
  return weight.starts_with('0') && weight.find_first_of("123456789") == weight.npos;
}

/// Whether parameters of a range or coding hold a weight of 0.
bool unwanted(std::string_view parameters) {
  while (!parameters.empty()) {
    std::string_view value = cut(parameters, ';');
    const std::string_view name = cut(value, '=');
    if (equal_ignoring_case(name, "q") && is_zero(trim(value))) return true;
  }
  return false;
}

}  // namespace

MediaType media_type(std::string_view content_type) {
  std::string_view rest = content_type;
  const std::string_view type = cut(rest, ';');
  while (!rest.empty()) {
    std::string_view value = cut(rest, ';');
    const std::string_view name = cut(value, '=');
    value = unquote(trim(value));
    if (!is_token(name) || !is_token(value)) return MediaType::other;
    if (equal_ignoring_case(name, "charset") && !equal_ignoring_case(value, "utf-8"))
      return MediaType::other;
  }
  if (equal_ignoring_case(type, "application/json")) return MediaType::json;
  if (equal_ignoring_case(type, "text/event-stream")) return MediaType::event_stream;
  return MediaType::other;
}

std::optional<Refusal> check_json_request(const RequestHead& head) {
  if (media_type(head.get(Field::content_type)) != MediaType::json) {
    return Refusal{415, "the body's type is not JSON; send `Content-Type: application/json`"};
  }
  if (head.has(Field::content_encoding) &&
      !equal_ignoring_case(head.get(Field::content_encoding), "identity")) {
    return Refusal{415, "coded bodies are not accepted; send the JSON without Content-Encoding"};
  }
  return std::nullopt;
}

bool accepts(const Headers& headers, std::string_view type, std::string_view subtype) {
  if (!headers.has(Field::accept)) return true;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    if (headers[i].field != Field::accept) continue;
    std::string_view ranges = headers[i].value;
    while (!ranges.empty()) {
      std::string_view rest = cut(ranges, ',');
      std::string_view range = cut(rest, ';');
      const std::string_view main = cut(range, '/');
      const std::string_view sub = trim(range);
      const bool fits = (main == "*" && sub == "*") || (equal_ignoring_case(main, type) &&
                                                        (sub == "*" || equal_ignoring_case(sub, subtype)));
      if (fits && !unwanted(rest)) return true;
    }
  }
  return false;
}

bool accepts_coding(std::string_view accept_encoding, std::string_view coding) {
  bool all = false;
  while (!accept_encoding.empty()) {
    std::string_view rest = cut(accept_encoding, ',');
    const std::string_view one = cut(rest, ';');
    if (equal_ignoring_case(one, coding)) return !unwanted(rest);
    all = all || (one == "*" && !unwanted(rest));
  }
  return all;
}

}  // namespace doorward::http
