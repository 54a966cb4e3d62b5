#include "server/event_log.h"

#include <utility>

#include "base/clock.h"
#include "base/log.h"

namespace doorward::server {

bool record_event(audit::LogWriter& log, std::string_view event,
                  std::span<const audit::EventRecord::Field> fields) {
  audit::EventRecord record;
  record.event = event;
  record.time_us = system_clock().wall_us();
  record.fields = fields;
  audit::RecordBuffer buffer;
  return log.record(audit::write_event(record, buffer));
}

std::vector<audit::EventRecord::Field> by_actor(const identity::Actor& actor,
                                                std::vector<audit::EventRecord::Field> fields) {
  std::vector<audit::EventRecord::Field> all = {{"actor", std::string_view(actor.name)}};
  if (!actor.address.empty()) all.push_back({"address", std::string_view(actor.address)});
  if (!actor.via.empty()) all.push_back({"via", std::string_view(actor.via)});
  all.insert(all.end(), fields.begin(), fields.end());
  return all;
}

bool LazyLog::record(std::string_view event, std::span<const audit::EventRecord::Field> fields) {
  if (!writer_) {
    auto opened = audit::LogWriter::open(options_);
    if (!opened) {
      log_line(LogLevel::error, "the log cannot be opened", {{"why", opened.error().message}});
      return false;
    }
    writer_ = std::move(*opened);
  }
  return record_event(*writer_, event, fields);
}

Status LazyLog::stop() {
  return writer_ ? writer_->stop() : Status{};
}

}  // namespace doorward::server
