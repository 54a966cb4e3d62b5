#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/bridge.h"
#include "json/reader.h"
#include "mcp/envelope.h"
#include "upstream/call.h"

namespace doorward::gateway {

class ServerLink;
class Worker;

/// What became of a SessionRequest. Refers to memory that lives during the call only.
struct SessionAnswer {
  const mcp::Message* message = nullptr;       ///< a result or an error; null: there was none
  std::string_view text;                       ///< what `message` was read from
  const upstream::Failure* failure = nullptr;  ///< why there was none; null also where none was due
  int status = 0;                              ///< over HTTP
  std::string_view session_id;                 ///< as the server calls the session in this answer
};

/// A message of a bridge's own within a session of its own, such as the handshake. What the server says
/// meanwhile that answers something else goes to the session's ear.
class SessionRequest final : public upstream::Call {
 public:
  using Done = std::move_only_function<void(const SessionAnswer&)>;

  SessionRequest(Worker& worker, ServerLink& link, std::shared_ptr<Session> session)
      : worker_(worker), link_(link), session_(std::move(session)) {}
  ~SessionRequest();
  SessionRequest(const SessionRequest&) = delete;
  SessionRequest& operator=(const SessionRequest&) = delete;

  /// Sends a request with `params` (a JSON object), or the notification that `method` is. `done` runs once,
  /// from inside only where the message cannot be sent or has no answer.
  void send(mcp::Method method, std::string_view params, Done done);
  /// The stream of what the server says of its own accord, or its end.
  void open(http::Method method, Done done);
  /// `done` ran: this object may be destroyed, but not in there.
  bool finished() const { return !done_; }

  void on_head(int status, std::string_view session, bool stream) override;
  void on_message(std::string_view text) override;
  void on_end() override;
  void on_failure(const upstream::Failure& failure) override;

 private:
  void finish(const SessionAnswer& answer);

  Worker& worker_;
  ServerLink& link_;
  std::shared_ptr<Session> session_;
  upstream::Ticket* ticket_ = nullptr;
  Done done_;
  std::string number_;  ///< our id, as JSON; empty: a notification or a stream
  std::string answer_;  ///< the text of the answer
  std::string session_id_;
  json::Reader reader_;
  int status_ = 0;
};

}  // namespace doorward::gateway
