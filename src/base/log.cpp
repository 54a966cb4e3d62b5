#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>

namespace doorward {
namespace {

std::atomic<LogLevel> least_level{LogLevel::info};
std::atomic<LogFormat> line_format{LogFormat::text};

/// Writes whole lines to standard error; the pattern is the message alone, since lines are made here.
spdlog::logger& sink() {
  static spdlog::logger& logger = *[] {
    auto* made = new spdlog::logger("doorward", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->set_level(spdlog::level::trace);
    made->set_error_handler([](const std::string&) {});
    return made;
  }();
  return logger;
}

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      break;
  }
  return "error";
}

/// Bytes of the well-formed UTF-8 sequence at the start of `text`; 0 if it begins none.
std::size_t sequence_size(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  const std::size_t size = lead < 0x80   ? 1
                           : lead < 0xc2 ? 0
                           : lead < 0xe0 ? 2
                           : lead < 0xf0 ? 3
                           : lead < 0xf5 ? 4
                                         : 0;
  if (size == 0 || size > text.size()) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  if (size >= 3) {
    const unsigned second = byte(1);
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second >= 0xa0) ||
        (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second >= 0x90)) {
      return 0;
    }
  }
  return size;
}

void append_escape(std::string& out, unsigned code) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kDigits[code >> shift & 15];
}

/// A JSON string. Also escapes what moves a terminal's cursor or turns its text around, so that no line lies.
void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t size = sequence_size(text);
    const auto lead = static_cast<unsigned char>(text.front());
    if (size == 0) {
      out += "\\ufffd";
      text.remove_prefix(1);
      continue;
    }
    const std::string_view sequence = text.substr(0, size);
    if (lead == '"' || lead == '\\') {
      out += '\\';
      out += text.front();
    } else if (lead < 0x20 || lead == 0x7f) {
      append_escape(out, lead);
    } else if (size == 2 && lead == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0) {
      append_escape(out, static_cast<unsigned char>(text[1]));
    } else if (size == 3 && lead == 0xe2 && (text[1] == '\x80' || text[1] == '\x81')) {
      const unsigned low = static_cast<unsigned char>(text[2]) & 0x3fu;
      const unsigned code = 0x2000u + ((static_cast<unsigned char>(text[1]) & 0x3fu) << 6) + low;
      append_escape(out, code);
    } else {
      out += sequence;
    }
    text.remove_prefix(size);
  }
  out += '"';
}

bool is_plain(std::string_view text) {
  return !text.empty() && text.find_first_not_of(
                              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                              "_-.:/@+,") == std::string_view::npos;
}

/// `2026-01-01T00:00:00.000Z`
std::string time_text() {
  using namespace std::chrono;
  const auto now = floor<milliseconds>(system_clock::now());
  const auto day = floor<days>(now);
  const year_month_day date(day);
  const hh_mm_ss time(now - day);
  std::array<char, 64> text{};
  const int size = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
      static_cast<int>(time.seconds().count()), static_cast<int>(time.subseconds().count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string json_line(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  std::string line = "{\"time\":\"" + time_text() + "\",\"level\":\"";
  line += name_of(level);
  line += "\",\"message\":";
  append_quoted(line, message);
  for (const LogField& field : fields) {
    line += ',';
    append_quoted(line, field.key);
    line += ':';
    if (field.is_number) {
      line += std::to_string(field.number);
    } else {
      append_quoted(line, field.value);
    }
  }
  line += '}';
  return line;
}

std::string text_line(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  std::string line = time_text();
  line += ' ';
  line += name_of(level);
  line += ' ';
  std::string quoted;
  append_quoted(quoted, message);
  line += std::string_view(quoted).substr(1, quoted.size() - 2);
  for (const LogField& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    if (field.is_number) {
      line += std::to_string(field.number);
    } else if (is_plain(field.value)) {
      line += field.value;
    } else {
      append_quoted(line, field.value);
    }
  }
  return line;
}

}  // namespace

Result<LogLevel> parse_log_level(std::string_view name) {
  for (LogLevel level : {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error}) {
    if (name_of(level) == name) return level;
  }
  return fail(ErrorKind::invalid, "a log level is debug, info, warning or error");
}

void configure_log(const LogOptions& options) {
  least_level = options.level;
  line_format = options.format;
}

bool log_enabled(LogLevel level) {
  return level >= least_level.load(std::memory_order_relaxed);
}

void log_line(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) noexcept {
  if (!log_enabled(level)) return;
  try {
    const bool json = line_format.load(std::memory_order_relaxed) == LogFormat::json;
    const std::string line = json ? json_line(level, message, fields) : text_line(level, message, fields);
    sink().log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
  } catch (...) {
    return;
  }
}

}  // namespace doorward
