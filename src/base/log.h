#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/result.h"

/// The process's own diagnostics: what an operator reads in the journal. The record of calls is audit/, not
/// this. Callers never pass a token, a secret, an argument's value or a result: names, counts and reasons
/// only.
namespace doorward {

enum class LogLevel : std::uint8_t { debug, info, warning, error };
enum class LogFormat : std::uint8_t { text, json };

/// `debug`, `info`, `warning`, `error`; invalid for any other text.
Result<LogLevel> parse_log_level(std::string_view name);

/// One named value of a line. Whatever it holds, it stays inside its line and its quotes: control characters
/// and bytes that are not UTF-8 are escaped in both formats.
struct LogField {
  LogField(std::string_view field_key, std::string_view text) : key(field_key), value(text) {}
  LogField(std::string_view field_key, const char* text) : key(field_key), value(text) {}
  LogField(std::string_view field_key, const std::string& text) : key(field_key), value(text) {}
  LogField(std::string_view field_key, std::int64_t number_value)
      : key(field_key), number(number_value), is_number(true) {}
  LogField(std::string_view field_key, std::uint64_t number_value)
      : LogField(field_key, static_cast<std::int64_t>(number_value)) {}
  LogField(std::string_view field_key, int number_value)
      : LogField(field_key, static_cast<std::int64_t>(number_value)) {}
  LogField(std::string_view field_key, unsigned number_value)
      : LogField(field_key, static_cast<std::int64_t>(number_value)) {}

  std::string_view key;
  std::string_view value;
  std::int64_t number = 0;
  bool is_number = false;
};

struct LogOptions {
  LogLevel level = LogLevel::info;  ///< lines below it are dropped
  LogFormat format = LogFormat::text;
};

/// Sets level and format; lines go to standard error. Before the first call the defaults hold. Thread-safe.
void configure_log(const LogOptions& options);

/// Whether a line of this level would be written: lets a caller skip what it costs to describe.
bool log_enabled(LogLevel level);

/// Writes one line: UTC time with milliseconds, level, message, fields in order. Text:
/// `2026-01-01T00:00:00.000Z warning the server is slow server=stripe waited_ms=812`; JSON: one object with
/// the members `time`, `level`, `message` and the fields. Thread-safe; takes a lock and writes to a
/// descriptor, so it does not belong on the path of a call that succeeds. Never throws: a line that cannot be
/// written is lost.
void log_line(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {}) noexcept;

}  // namespace doorward
