#include "gateway/client_waits.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace doorward::gateway {
namespace {

constexpr std::string_view kTable =
#include "gateway/client_waits.data"
    ;

bool matches(std::string_view name, std::string_view client) {
  if (!name.ends_with('*')) return equal_ignoring_case(name, client);
  name.remove_suffix(1);
  return equal_ignoring_case(name, client.substr(0, name.size()));
}

/// Takes the last word of a line.
std::string_view take_last(std::string_view& line) {
  while (line.ends_with(' ')) line.remove_suffix(1);
  const std::size_t space = line.rfind(' ');
  const std::string_view word = line.substr(space + 1);
  line.remove_suffix(word.size());
  while (line.ends_with(' ')) line.remove_suffix(1);
  return word;
}

std::chrono::seconds seconds(std::string_view word) {
  unsigned count = 0;
  std::from_chars(word.data(), word.data() + word.size(), count);
  return std::chrono::seconds(count);
}

std::vector<ClientWait> read_table(std::string_view table) {
  std::vector<ClientWait> rows;
  while (!table.empty()) {
    const std::size_t end = std::min(table.find('\n'), table.size());
    std::string_view line = table.substr(0, end);
    table.remove_prefix(std::min(end + 1, table.size()));
    if (line.empty() || line.front() == '#') continue;
    const auto with_progress = seconds(take_last(line));
    const auto hold = seconds(take_last(line));
    rows.push_back({std::string(line), hold, with_progress});
  }
  return rows;
}

}  // namespace

const std::vector<ClientWait>& shipped_client_waits() {
  static const std::vector<ClientWait> rows = read_table(kTable);
  return rows;
}

const ClientWait& wait_of(const std::vector<ClientWait>& own, std::string_view client) {
  for (const std::vector<ClientWait>* rows : {&own, &shipped_client_waits()}) {
    const auto found =
        std::find_if(rows->begin(), rows->end(), [&](const ClientWait& row) { return matches(row.name, client); });
    if (found != rows->end()) return *found;
  }
  return shipped_client_waits().back();
}

}  // namespace doorward::gateway
