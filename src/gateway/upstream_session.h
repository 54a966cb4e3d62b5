#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/capabilities.h"
#include "gateway/session.h"
#include "gateway/session_request.h"
#include "mcp/to_modern.h"

namespace doorward::gateway {

class LegacyCall;
class LegacyListen;
class Crossing;
class ServerLink;
class Worker;

/// What a client lets its server ask, as it declared to this server.
struct Askable : Questions {
  bool url = false;  ///< elicitation by URL

  static Askable from(json::Value capabilities);
};

/// A session that the bridge holds with a legacy server for modern clients: its handshake, who uses it, and
/// what the server says in it that answers nobody. Of one grant, or of all where the server's setting shares
/// sessions. Worker's thread.
class UpstreamSession final : public SessionEar {
 public:
  /// `capabilities`: of the clients that use it, canonical JSON.
  UpstreamSession(Worker& worker, ServerLink& link, std::string grant, std::string capabilities,
                  Askable askable);
  ~UpstreamSession();
  UpstreamSession(const UpstreamSession&) = delete;
  UpstreamSession& operator=(const UpstreamSession&) = delete;

  /// Sends the handshake; who has entered hears of its end.
  void start();
  bool ended() const { return state_ == State::ended; }
  const std::string& grant() const { return grant_; }
  const std::string& capabilities() const { return capabilities_; }
  const Askable& askable() const { return askable_; }
  const std::shared_ptr<Session>& session() const { return session_; }
  const mcp::Introduction& introduction() const { return introduction_; }

  /// Calls crossing.on_session_ready() when the session stands, or on_session_failed(), which may be now.
  void enter(Crossing& crossing);
  void leave(Crossing& crossing);
  /// A call whose request was sent in the session: the server's questions may belong to it.
  void add_call(LegacyCall& call) { calls_.push_back(&call); }
  void add_listener(LegacyListen& listener);
  bool unused() const { return crossings_.empty(); }
  std::int64_t last_used_us() const { return last_used_us_; }

  /// Whether the server sends its log from this severity on. If not, it is asked to, and `crossing` is told
  /// when it has answered, whatever the answer.
  bool logs_from(unsigned severity, Crossing& crossing);
  /// Counts one more who wants to hear of a resource; listener.on_subscribed() tells whether the server
  /// agreed, which may be now.
  void subscribe(const std::string& uri, LegacyListen& listener);
  void unsubscribe(const std::string& uri, LegacyListen& listener);

  /// Sends a message that has no answer.
  void say(std::string json);
  void refuse(std::string_view text, const mcp::Message& request);
  /// The server no longer knows the session, or its process has gone.
  void lost(const upstream::Failure& failure);
  /// Ends it at the server as well.
  void end();
  /// Ended, and nothing of it is under way: it may be destroyed.
  bool gone() const;
  void tick();

  void on_server_message(std::string_view text, const mcp::Message& message) override;

 private:
  enum class State : std::uint8_t { opening, ready, ended };
  struct Subscription {
    unsigned count = 0;
    bool agreed = false;
    bool answered = false;
    std::vector<LegacyListen*> waiting;  ///< for its answer
  };

  SessionRequest& request();
  void on_initialized(const SessionAnswer& answer);
  void open_stream();
  void tell_ready();
  void fail(const upstream::Failure& failure);
  /// To whose request a message belongs where the transport does not tell; null where that would be a guess
  /// between grants.
  LegacyCall* speaker() const;

  Worker& worker_;
  ServerLink& link_;
  std::string grant_;
  std::string capabilities_;
  Askable askable_;
  std::shared_ptr<Session> session_;
  mcp::Introduction introduction_;
  State state_ = State::opening;
  std::vector<Crossing*> crossings_;
  std::vector<Crossing*> waiting_;  ///< for the handshake, or for the log's level
  std::vector<LegacyCall*> calls_;
  std::vector<LegacyListen*> listeners_;
  std::map<std::string, Subscription, std::less<>> subscriptions_;
  std::vector<std::unique_ptr<SessionRequest>> requests_;
  std::optional<unsigned> severity_;  ///< from which the server sends its log; nothing: it was not asked
  bool asks_level_ = false;
  SessionRequest* stream_ = nullptr;  ///< of its own messages, while it is open
  bool no_stream_ = false;
  std::int64_t stream_retry_us_ = 0;
  std::int64_t last_used_us_ = 0;
  upstream::FailureKind failure_ = upstream::FailureKind::closed;  ///< why it ended
  std::string failure_detail_;
};

}  // namespace doorward::gateway
