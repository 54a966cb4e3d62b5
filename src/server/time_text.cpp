#include "server/time_text.h"

#include "server/config.h"

namespace doorward::server {

std::optional<std::int64_t> parse_past(std::string_view text, std::int64_t now_us) {
  if (const auto ago = parse_duration(text)) return now_us - ago->count() * 1000;
  return parse_time(text);
}

std::optional<std::int64_t> parse_future(std::string_view text, std::int64_t now_us) {
  if (const auto ahead = parse_duration(text)) return now_us + ahead->count() * 1000;
  return parse_time(text);
}

}  // namespace doorward::server
