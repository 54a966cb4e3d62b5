#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "mcp/sse.h"

namespace doorward::mcp::testing {

struct Event {
  std::string type, data, id;
  long retry = -1;
  friend bool operator==(const Event&, const Event&) = default;
};

/// WHATWG HTML section 9.2.6 word by word over a whole stream, without regard to speed.
inline std::vector<Event> parse_slowly(std::string stream) {
  if (stream.starts_with("\xEF\xBB\xBF")) stream.erase(0, 3);
  std::vector<std::string> lines;
  std::string line;
  for (std::size_t i = 0; i < stream.size(); ++i) {
    if (stream[i] != '\r' && stream[i] != '\n') {
      line += stream[i];
      continue;
    }
    if (stream[i] == '\r' && i + 1 < stream.size() && stream[i + 1] == '\n') ++i;
    lines.push_back(line);
    line.clear();
  }
  std::vector<Event> events;
  std::string type, data, id;
  long retry = -1;
  for (const std::string& l : lines) {
    if (l.empty()) {
      if (!data.empty()) {
        data.pop_back();
        events.push_back({type.empty() ? "message" : type, data, id, retry});
      }
      type.clear();
      data.clear();
      retry = -1;
      continue;
    }
    const auto colon = l.find(':');
    if (colon == 0) continue;
    const std::string name = l.substr(0, colon);
    std::string value = colon == std::string::npos ? "" : l.substr(colon + 1);
    if (!value.empty() && value[0] == ' ') value.erase(0, 1);
    if (name == "event") type = value;
    if (name == "data") data += value + "\n";
    if (name == "id" && value.find('\0') == std::string::npos) id = value;
    if (name == "retry" && !value.empty() && value.size() <= 9 &&
        value.find_first_not_of("0123456789") == std::string::npos) {
      retry = std::stol(value);
    }
  }
  return events;
}

/// Feeds pieces of at most `step` bytes, the first of `first` bytes.
inline std::vector<Event> parse_in_pieces(std::string_view stream, std::size_t first, std::size_t step) {
  SseReader reader(1 << 20);
  std::vector<Event> events;
  while (!stream.empty()) {
    // A copy of exactly the piece's size lets a sanitizer see reads beyond it.
    const std::string piece(stream.substr(0, first));
    stream.remove_prefix(piece.size());
    first = step;
    std::string_view rest = piece;
    while (reader.next(rest) == SseReader::Step::event) {
      const SseEvent e = reader.event();
      events.push_back({std::string(e.type), std::string(e.data), std::string(e.id),
                        e.retry_ms ? static_cast<long>(*e.retry_ms) : -1});
    }
  }
  return events;
}

}  // namespace doorward::mcp::testing
