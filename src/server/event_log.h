#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "audit/log_writer.h"
#include "audit/record.h"
#include "base/result.h"
#include "identity/role.h"

namespace doorward::server {

/// The key under which the store keeps the configuration file that the gateway last ran with.
inline constexpr std::string_view kConfigFileSetting = "config.file";

/// Writes one event of the process, with the time of now, through a log writer's own lock; false where there
/// is no room.
bool record_event(audit::LogWriter& log, std::string_view event,
                  std::span<const audit::EventRecord::Field> fields);

/// Writes an event to the log; false where it cannot be stored.
using RecordEvent = std::function<bool(std::string_view event, std::span<const audit::EventRecord::Field> fields)>;

/// The fields of an event that a person or a program caused, with who did it, from where and by what in front. Refers to
/// `actor`.
std::vector<audit::EventRecord::Field> by_actor(const identity::Actor& actor,
                                                std::vector<audit::EventRecord::Field> fields);

/// A log writer for a command: opened at its first record, so that a command which only reads leaves no
/// trace.
class LazyLog {
 public:
  explicit LazyLog(audit::LogOptions options) : options_(std::move(options)) {}

  bool record(std::string_view event, std::span<const audit::EventRecord::Field> fields);
  /// Writes everything out, if anything was recorded.
  Status stop();

 private:
  audit::LogOptions options_;
  std::unique_ptr<audit::LogWriter> writer_;
};

}  // namespace doorward::server
