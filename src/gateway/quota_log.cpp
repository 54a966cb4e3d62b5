#include "gateway/quota_log.h"

#include <charconv>
#include <optional>

#include "audit/reader.h"
#include "base/encoding.h"
#include "gateway/world.h"
#include "io/file.h"

namespace doorward::gateway {
namespace {

constexpr std::size_t kMostBytes = 1u << 30;

std::string snapshot_path(const std::string& state, const std::string& writer) {
  return state + "/counts-" + writer + ".snapshot";
}

std::int64_t integer(json::Value value) {
  if (!value.is(json::Type::number)) return 0;
  std::int64_t number = 0;
  const std::string_view text = value.number();
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// One `[key, window, millionths]` of a record.
void replay(quota::Table& table, json::Value delta, std::int64_t time_us) {
  const json::Value hex = delta.at(0);
  const std::optional<std::string> bytes = hex.is(json::Type::string) ? from_hex(hex.string()) : std::nullopt;
  if (!bytes || bytes->size() != 16) return;
  quota::CounterKey key;
  for (std::size_t i = 0; i < 8; ++i) {
    key.high = key.high << 8 | static_cast<std::uint8_t>((*bytes)[i]);
    key.low = key.low << 8 | static_cast<std::uint8_t>((*bytes)[8 + i]);
  }
  const json::Value text = delta.at(1);
  const auto window = text.is(json::Type::string) ? parse_window(text.string()) : std::nullopt;
  if (window) table.add_recorded(key, window->window, window->zone, time_us, integer(delta.at(2)));
}

/// `<writer> <epoch> <seq>`
std::string spell(const audit::LogPosition& position) {
  return position.writer + " " + std::to_string(position.epoch) + " " + std::to_string(position.seq);
}

audit::LogPosition parse(const std::string& text) {
  audit::LogPosition position;
  const std::size_t first = text.find(' ');
  const std::size_t second = text.find(' ', first + 1);
  if (first == std::string::npos || second == std::string::npos) return position;
  position.writer = text.substr(0, first);
  std::from_chars(text.data() + first + 1, text.data() + second, position.epoch);
  std::from_chars(text.data() + second + 1, text.data() + text.size(), position.seq);
  return position;
}

}  // namespace

Status restore_counts(quota::Table& table, const std::string& state, const std::string& writer, quota::Now now) {
  std::vector<audit::LogPosition> from;
  Result<std::string> bytes = io::read_file(snapshot_path(state, writer), kMostBytes);
  if (bytes) {
    Result<std::string> position = table.load(*bytes);
    if (!position) return std::unexpected(position.error());
    from.push_back(parse(*position));
  } else if (bytes.error().kind != ErrorKind::not_found) {
    return std::unexpected(bytes.error());
  }
  audit::LogReader reader(state + "/log");
  const Status read = reader.for_each_since(from, [&](const audit::RecordView& record) {
    if (record.writer == writer) {
      for (json::Value delta : record.root.find("quota").elements()) replay(table, delta, record.time_us);
    }
    return true;
  });
  if (!read) return read;
  table.settle(now);
  return {};
}

Status save_counts(const quota::Table& table, const std::string& state, const audit::LogPosition& position,
                   quota::Now now) {
  return io::write_file_atomic(snapshot_path(state, position.writer), table.serialise(spell(position), now));
}

}  // namespace doorward::gateway
