#include "server/event_feed.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include "admin/query.h"
#include "base/log.h"

namespace doorward::server {
namespace {

constexpr std::size_t kHeld = 1024;
constexpr std::size_t kMostListeners = 64;
constexpr std::int64_t kHeartbeatUs = 15'000'000;
constexpr auto kPause = std::chrono::milliseconds(100);
constexpr std::string_view kOpening = "retry: 2000\n\n";
constexpr std::string_view kHeartbeat = ": still here\n\n";
constexpr std::string_view kReset = "event: reset\ndata: {}\n\n";

}  // namespace

EventFeed::EventFeed(io::Loop& loop, std::string directory)
    : loop_(loop), directory_(std::move(directory)), heartbeat_(io::call<&EventFeed::heartbeat>, this) {}

EventFeed::~EventFeed() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void EventFeed::serve(const admin::Request& request, admin::Respond respond) {
  if (listeners_.size() >= kMostListeners) {
    return respond(admin::Response::problem(ErrorKind::exhausted, "too many listen already; close another stream"));
  }
  const auto members = admin::read_query(request.query);
  if (!members) return respond(admin::Response::problem(ErrorKind::invalid, members.error().message));
  audit::Query query;
  const std::map<std::string_view, std::string*> filters = {{"agent", &query.grant},       {"server", &query.server},
                                                            {"tool", &query.tool},         {"rule", &query.rule},
                                                            {"decision", &query.verdict},  {"event", &query.event},
                                                            {"policy", &query.policy}};
  for (const auto& [name, value] : *members) {
    const auto filter = filters.find(name);
    if (filter == filters.end()) {
      return respond(admin::Response::problem(ErrorKind::invalid, "the stream takes no \"" + name + "\""));
    }
    *filter->second = value;
  }
  admin::Response response{.type = "text/event-stream", .body = std::string(kOpening)};
  response.stream = [this, caller = request.caller, query = std::move(query),
                     last = std::string(request.header("last-event-id"))](std::shared_ptr<admin::EventSink> sink) {
    open(std::move(sink), caller, query, last);
  };
  respond(std::move(response));
}

void EventFeed::open(std::shared_ptr<admin::EventSink> sink, admin::Caller caller, audit::Query query,
                     const std::string& last) {
  Listener& listener = listeners_.emplace_back(std::move(sink), std::move(caller), std::move(query));
  if (!thread_.joinable()) thread_ = std::thread([this] { follow(); });
  {
    const std::lock_guard lock(mutex_);
    wanted_ = true;
  }
  wake_.notify_all();
  if (!heartbeat_.armed()) heartbeat_.arm(loop_, kHeartbeatUs);
  if (last.empty()) return;
  auto from = std::ranges::find(held_, last, &Event::id);
  if (from == held_.end()) {
    if (!listener.sink->write(kReset)) listeners_.pop_back();
    return;
  }
  for (++from; from != held_.end(); ++from) {
    if (!write(listener, *from, read(*from))) return listeners_.pop_back();
  }
}

/// The thread: what is written to the log from the first listener on, in batches, one at a time, so that a
/// flood of records waits in the log and not in memory.
void EventFeed::follow() {
  std::optional<audit::LogReader> reader;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (!wanted_) {
      reader.reset();
      wake_.wait(lock, [&] { return wanted_ || stopping_; });
      continue;
    }
    lock.unlock();
    if (!reader) reader.emplace(directory_);
    std::vector<Event> events;
    const Status polled = reader->poll({}, [&](const audit::RecordView& record) {
      events.push_back({std::string(record.writer) + "." + std::to_string(record.epoch) + "." + std::to_string(record.seq),
                        std::string(record.line)});
      return true;
    });
    if (!polled) log_line(LogLevel::warning, "the event stream cannot read the log", {{"why", polled.error().message}});
    lock.lock();
    if (!events.empty()) {
      taken_ = false;
      loop_.post([this, alive = std::weak_ptr(alive_), events = std::move(events)]() mutable {
        if (!alive.expired()) publish(std::move(events));
      });
      wake_.wait(lock, [&] { return taken_ || stopping_; });
    }
    wake_.wait_for(lock, kPause, [&] { return stopping_; });
  }
}

void EventFeed::publish(std::vector<Event> events) {
  for (Event& event : events) {
    const json::Value record = listeners_.empty() ? json::Value() : read(event);
    std::erase_if(listeners_, [&](Listener& listener) { return !write(listener, event, record); });
    held_.push_back(std::move(event));
    if (held_.size() > kHeld) held_.pop_front();
  }
  {
    const std::lock_guard lock(mutex_);
    taken_ = true;
  }
  wake_.notify_all();
}

json::Value EventFeed::read(const Event& event) {
  const auto root = reader_.read(event.line);
  return root ? *root : json::Value();
}

/// False: the listener is gone, or its session is.
bool EventFeed::write(Listener& listener, const Event& event, json::Value record) {
  if (!record) return listener.sink->open();
  audit::RecordView view;
  view.line = event.line;
  view.root = record;
  if (!listener.query.matches(view)) return listener.sink->open();
  if (listener.caller.stands && !listener.caller.stands()) {
    listener.sink->close();
    return false;
  }
  const json::Value kind = record.find("event");
  std::string text = "id: " + event.id + "\nevent: ";
  text += kind.is(json::Type::string) ? kind.string() : std::string_view("record");
  text += "\ndata: " + event.line + "\n\n";
  return listener.sink->write(text);
}

void EventFeed::heartbeat() {
  std::erase_if(listeners_, [&](Listener& listener) {
    if (listener.caller.stands && !listener.caller.stands()) {
      listener.sink->close();
      return true;
    }
    return !listener.sink->write(kHeartbeat);
  });
  if (!listeners_.empty()) return heartbeat_.arm(loop_, kHeartbeatUs);
  held_.clear();
  const std::lock_guard lock(mutex_);
  wanted_ = false;
}

}  // namespace doorward::server
