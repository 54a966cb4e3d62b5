#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "audit/anchor.h"
#include "audit/record.h"
#include "io/fetch.h"
#include "io/loop.h"
#include "json/writer.h"
#include "server/config.h"
#include "server/event_log.h"
#include "server/state_dir.h"

namespace doorward::server {

/// The anchors of the configuration at work: every checkpoint goes to each. What becomes of them is recorded
/// (anchor.added, anchor.removed, anchor.failed, anchor.resumed); one that was removed still gets the checkpoints that
/// cover the record of its removal. Control thread, but for offer().
class Anchors {
 public:
  /// `record` is called on `loop`'s thread. Fetcher and loop outlive this.
  Anchors(StateDir state, io::Loop& loop, io::Fetcher& fetcher, RecordEvent record);
  ~Anchors();

  /// Audit thread: a new checkpoint.
  void offer(std::string_view note);
  /// Begins what is new and retires what is gone. `known`: names that the process before had, so that their removal
  /// between two starts is recorded too. Returns the names at work now.
  std::vector<std::string> replace(const std::vector<AnchorConfig>& anchors, const std::vector<std::string>& known = {});
  /// Adds `anchors` to an object: name, place, state, and what is pending.
  void write_status(json::Writer& writer) const;
  /// Delivers what it can, and ends. Nothing is recorded any more.
  void stop();

 private:
  struct Entry {
    AnchorConfig config;
    std::unique_ptr<audit::AnchorFeed> feed;
    std::int64_t retired_us = 0;  ///< when the entry ends; 0: it is in use
  };

  std::unique_ptr<audit::AnchorTarget> make_target(const AnchorConfig& config) const;
  std::unique_ptr<audit::AnchorFeed> make_feed(const AnchorConfig& config);
  void changed(const std::string& name, const std::string& place, const std::string& why,
               std::chrono::milliseconds failing_for);
  void end_retired();

  StateDir state_;
  io::Loop& loop_;
  io::Fetcher& fetcher_;
  RecordEvent record_;
  io::Timer retire_timer_;
  mutable std::mutex mutex_;  ///< of the list: the audit thread walks it
  std::vector<std::unique_ptr<Entry>> entries_;
  std::vector<std::thread> endings_;  ///< of feeds that were retired
};

}  // namespace doorward::server
