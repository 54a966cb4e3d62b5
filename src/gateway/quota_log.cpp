#include "gateway/quota_log.h"

#include <charconv>
#include <filesystem>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "audit/reader.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/log.h"
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

/// Positions that leave out all writers but one.
Result<std::vector<audit::LogPosition>> positions_of(const std::string& log, audit::LogPosition own) {
  std::vector<audit::LogPosition> positions;
  std::error_code error;
  for (std::filesystem::directory_iterator at(log, error), end; !error && at != end; at.increment(error)) {
    std::string name = at->path().filename();
    if (name != own.writer)
      positions.push_back({std::move(name), std::numeric_limits<std::uint64_t>::max(), 0});
  }
  if (error)
    return fail(ErrorKind::unavailable, "the log's folder " + log + " cannot be read: " + error.message());
  positions.push_back(std::move(own));
  return positions;
}

/// Loads the snapshot of a writer, if there is one, and replays its log from there up to `upto`, if given.
Status load_and_replay(quota::Table& table, const std::string& state, const std::string& writer,
                       const audit::LogPosition* upto) {
  audit::LogPosition from{writer, 0, 0};
  Result<std::string> bytes = io::read_file(snapshot_path(state, writer), kMostBytes);
  if (bytes) {
    if (Result<std::string> position = table.load(*bytes)) {
      from = parse(*position);
    } else {
      // The log is the truth: without the snapshot there is only more of it to replay.
      const std::string path = snapshot_path(state, writer);
      log_line(LogLevel::warning, position.error().message, {{"file", path}});
      std::error_code ignored;
      std::filesystem::rename(path, path + ".damaged", ignored);
    }
  } else if (bytes.error().kind != ErrorKind::not_found) {
    return std::unexpected(bytes.error());
  }
  Result<std::vector<audit::LogPosition>> positions = positions_of(state + "/log", std::move(from));
  if (!positions) return std::unexpected(positions.error());
  audit::LogReader reader(state + "/log");
  return reader.for_each_since(*positions, [&](const audit::RecordView& record) {
    if (record.writer != writer) return true;
    if (upto != nullptr && std::pair(record.epoch, record.seq) >= std::pair(upto->epoch, upto->seq))
      return false;
    for (json::Value delta : record.root.find("quota").elements()) replay(table, delta, record.time_us);
    return true;
  });
}

}  // namespace

Status restore_counts(quota::Table& table, const std::string& state, const std::string& writer,
                      quota::Now now) {
  if (Status replayed = load_and_replay(table, state, writer, nullptr); !replayed) return replayed;
  table.settle(now);
  return {};
}

Status fold_counts(const std::string& state, const audit::LogPosition& upto) {
  // One reading of the clocks: a microsecond between two would move each amount into its next slice, at every
  // fold anew.
  const std::int64_t wall_us = system_clock().wall_us();
  const std::int64_t monotonic_us = system_clock().monotonic_us();
  quota::Table table(wall_us, monotonic_us);
  if (Status replayed = load_and_replay(table, state, upto.writer, &upto); !replayed) return replayed;
  const quota::Now now = table.at(wall_us, monotonic_us);
  table.settle(now);
  return save_counts(table, state, upto, now);
}

Status save_counts(const quota::Table& table, const std::string& state, const audit::LogPosition& position,
                   quota::Now now) {
  return io::write_file_atomic(snapshot_path(state, position.writer), table.serialise(spell(position), now));
}

}  // namespace doorward::gateway
