#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/errand.h"
#include "gateway/exchange.h"
#include "gateway/front.h"
#include "io/loop.h"
#include "mcp/envelope.h"

namespace doorward::gateway {

class Worker;

/// A client that sends and hears all its messages in one place: standard input and output, or the two halves
/// of HTTP+SSE. Its session, if it opens one, ends with it. Worker's thread.
class DuplexClient {
 public:
  /// Where messages to the client go. They are copied before the function returns, which may end the client.
  class Output {
   public:
    virtual void write(Front::Pieces json) = 0;
    /// The message that is being taken goes no further. `error` is the answer; empty: it was a notification.
    virtual void refuse(std::string_view error) = 0;

   protected:
    ~Output() = default;
  };
  enum class Eras : std::uint8_t { both, legacy };

  DuplexClient(Worker& worker, Output& output, Eras eras);
  ~DuplexClient();
  DuplexClient(const DuplexClient&) = delete;
  DuplexClient& operator=(const DuplexClient&) = delete;

  /// One message, or in a session of 2025-03-26 a batch. `caller` without a session. What comes on one stream behind
  /// an `initialize` waits for its answer, so that clients and scripts may send on without waiting.
  void take(const Caller& caller, std::string_view text);
  /// Refuses what could not be read as a message at all.
  void refuse(const Caller& caller, const mcp::Refusal& refusal, std::string_view text);
  /// Refuses a message that is longer than the limit.
  void refuse_long(const Caller& caller);
  /// The client took less than was sent.
  void pause();
  void resume();
  /// Whether every message has its answer.
  bool idle() const { return running_ == 0 && held_.empty(); }
  const std::shared_ptr<Session>& session() const { return session_; }
  /// Gives up what has no end of its own (`subscriptions/listen`).
  void end_streams(std::string_view why);
  /// Gives up what is under way, and the session.
  void end(std::string_view why);

 private:
  class Reply;
  friend class Reply;
  /// A message that came before the session that it is for.
  struct Held {
    Caller caller;
    std::string address;
    std::string text;
  };

  bool hold(const Caller& caller, std::string_view text);
  void take_held();
  bool admit(const mcp::Message& message, Caller& caller, const Reply& reply);
  void take_batch(Caller& caller, Reply& reply, json::Value array);
  void cancel(const mcp::Message& message, std::string_view text);
  void opened(const Reply& reply, std::string_view session);
  Reply& take_reply(const Caller& caller, std::string_view text);
  void give_back(Reply& reply);

  Worker& worker_;
  Output& output_;
  const Eras eras_;
  bool ended_ = false;
  std::shared_ptr<Session> session_;
  Caller opener_;  ///< who opened it
  std::size_t running_ = 0;
  std::vector<std::unique_ptr<Reply>> replies_;
  std::vector<Reply*> spare_;
  std::unique_ptr<Reply> listener_;
  const Reply* opening_ = nullptr;  ///< of the `initialize` that has no answer yet
  std::vector<Held> held_;
  io::Task held_task_;
};

}  // namespace doorward::gateway
