#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "admin/message.h"
#include "audit/reader.h"
#include "io/loop.h"
#include "json/reader.h"

namespace doorward::server {

/// The event stream of the admin API: records of the log as they are written (decisions, approvals, changes
/// alike), as server-sent events. A thread of its own follows the log while anybody listens; workers and audit
/// thread do nothing for it. All else on the loop's thread.
class EventFeed {
 public:
  /// `directory`: `<state>/log`.
  EventFeed(io::Loop& loop, std::string directory);
  ~EventFeed();
  EventFeed(const EventFeed&) = delete;
  EventFeed& operator=(const EventFeed&) = delete;

  /// Serves `GET /api/v1/events`. An event's id is its record's place in the log; with `Last-Event-ID` those
  /// come first that have been missed, as far as they are still held, else an event `reset` says that some
  /// are lost.
  void serve(const admin::Request& request, admin::Respond respond);

  std::size_t listeners() const { return listeners_.size(); }

 private:
  struct Event {
    std::string id;
    std::string line;
  };
  struct Listener {
    std::shared_ptr<admin::EventSink> sink;
    admin::Caller caller;
    audit::Query query;
  };

  void open(std::shared_ptr<admin::EventSink> sink, admin::Caller caller, audit::Query query, const std::string& last);
  void follow();
  void publish(std::vector<Event> events);
  bool write(Listener& listener, const Event& event, json::Value record);
  json::Value read(const Event& event);
  void heartbeat();

  io::Loop& loop_;
  const std::string directory_;
  std::list<Listener> listeners_;
  std::deque<Event> held_;  ///< the newest, oldest first
  json::Reader reader_;
  io::Timer heartbeat_;
  std::shared_ptr<EventFeed*> alive_ = std::make_shared<EventFeed*>(this);

  std::mutex mutex_;
  std::condition_variable wake_;
  bool wanted_ = false;    ///< somebody listens, or did a moment ago
  bool taken_ = true;      ///< the loop has had the last batch
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace doorward::server
