#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "approval/channel.h"
#include "approval/message.h"
#include "base/clock.h"
#include "base/result.h"
#include "io/child.h"
#include "io/fetch.h"
#include "io/loop.h"
#include "store/deliveries.h"

namespace doorward::approval {

/// Tells people of requests through webhooks, the desktop, mail and Slack. A message that cannot be delivered is tried
/// again, a bounded number of times; every try stands in the store's log of deliveries. Nothing here decides anything.
/// Control thread.
class Notifier {
 public:
  /// Database, loop and fetcher must outlive the notifier.
  Notifier(store::Database& database, io::Loop& control, io::Fetcher& fetcher, const Clock& clock = system_clock());
  ~Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  /// What is under way keeps its old channel.
  void configure(std::string console, std::vector<Channel> channels);
  /// One message to every channel that wants the event.
  void notify(const Event& event);
  /// Tries a channel once; `done` gets what came of it. not_found where there is none of the name.
  void test(std::string_view channel, std::move_only_function<void(Status)> done);

  /// Newest first.
  Result<std::vector<store::Delivery>> deliveries(std::string_view channel, std::size_t limit);
  const std::vector<std::shared_ptr<const Channel>>& channels() const { return channels_; }

  static constexpr std::size_t kMostUnderWay = 1'000;
  static constexpr int kMostTries = 6;

 private:
  struct Sending;
  void begin(std::shared_ptr<const Channel> channel, Notice notice, std::move_only_function<void(Status)> done);
  void attempt(Sending& sending);
  void post(Sending& sending);
  void mail(Sending& sending);
  void show(Sending& sending);
  void finished(Sending& sending, int status, const Status& result, bool again);
  void remember(const Sending& sending, std::string_view state, int status, std::string_view detail);
  void drop(Sending& sending);

  store::Deliveries store_;
  io::Loop& control_;
  io::Fetcher& fetcher_;
  const Clock& clock_;
  std::string console_;
  std::vector<std::shared_ptr<const Channel>> channels_;
  std::list<std::unique_ptr<Sending>> under_way_;
};

}  // namespace doorward::approval
