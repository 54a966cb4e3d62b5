#pragma once

#include <memory>
#include <string>

#include "gateway/front.h"
#include "gateway/own_task.h"

namespace doorward::gateway {

class Exchange;
class Worker;

/// Takes the place of a client that was given a task for its call: hears the answer, and keeps it in the task. The
/// call goes on without the request that began it. Worker's thread.
class WaitingTask final : public Front, public std::enable_shared_from_this<WaitingTask> {
 public:
  /// `shown`: how the client calls the tool; empty: as the server does.
  WaitingTask(Worker& worker, Exchange& exchange, std::string shown)
      : worker_(worker), exchange_(&exchange), shown_(std::move(shown)) {}
  WaitingTask(const WaitingTask&) = delete;
  WaitingTask& operator=(const WaitingTask&) = delete;

  /// What the client asks about. `message`: what is waited for, to people.
  std::shared_ptr<OwnTask> open(std::string message, std::int64_t lifetime_us);

  /// Gives the call up: its client cancelled it, its grant ended, or the gateway stops.
  void abandon(std::string_view why);
  /// Gives it up where its grant has ended.
  void check(std::int64_t wall_s);
  bool done() const { return exchange_ == nullptr; }
  const std::string& grant_id() const;

  void answer(int status, Pieces json, std::string_view session) override;
  void send(Pieces json, std::string_view session) override;
  void open_stream(std::string_view) override {}
  void end_stream() override;
  const http::Headers* headers() const override { return nullptr; }
  std::string_view shown_tool(std::string_view name) const override { return shown_.empty() ? name : shown_; }

 private:
  void finish();

  Worker& worker_;
  Exchange* exchange_;  ///< null: it has ended
  const std::string shown_;
  std::shared_ptr<OwnTask> task_;
  std::string last_;  ///< the latest message of the answer
};

}  // namespace doorward::gateway
