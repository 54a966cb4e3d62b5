#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/crossing.h"
#include "gateway/upstream_session.h"
#include "io/loop.h"
#include "mcp/to_modern.h"

namespace doorward::gateway {

/// One request of a modern client to a legacy server. What the server asks during the call goes to the client
/// as an input-required result; the call stays open at the server until the client comes back with the
/// answers (resume), and is given up if it does not.
class LegacyCall final : public Crossing, public upstream::Call {
 public:
  /// `message`, read from `text`: the client's request.
  LegacyCall(BridgeToLegacy& bridge, const Outgoing& outgoing, upstream::Call& client, std::string_view text,
             const mcp::Message& message);
  ~LegacyCall() override;

  /// Chooses its session and sends the request there when that stands.
  Status begin();
  /// The client has come back for the answer with what the server asked for.
  void resume(const Outgoing& outgoing, upstream::Call& client, std::string_view text,
              const mcp::Message& message);
  /// What a client that comes back names it by; empty: it waits for no client.
  const std::string& token() const { return token_; }

  bool done() const override;
  void on_session_ready() override;
  void on_session_failed(const upstream::Failure& failure) override;
  void on_turn() override;
  void tick() override;
  void give_up() override;

  /// What the server says of its own accord, where this call is the one that it must mean.
  void on_question(std::string_view text, const mcp::Message& message);
  void on_question_withdrawn(std::string_view text, const mcp::Message& message);
  void on_log(std::string_view text, const mcp::Message& message);

  // The ticket of the client.
  void cancel() override;
  void pause() override;
  void resume() override;

  // The call of the server.
  void on_head(int status, std::string_view session, bool stream) override;
  void on_message(std::string_view text) override;
  void on_end() override;
  void on_failure(const upstream::Failure& failure) override;

 private:
  enum class Stage : std::uint8_t { waiting, sent, answered };
  struct Open {
    mcp::Question question;
    std::string server_id;  ///< of the request at the server, as JSON
  };

  void send();
  /// Whether no client hears this notification now; kept for when it comes back.
  bool misses(std::string_view text);
  void on_answer(std::string_view text, const mcp::Message& message);
  void on_error_answer(std::string_view text, const mcp::Message& message);
  void ask_client();
  void ask_for_urls(const std::vector<mcp::Question>& questions);
  /// Ends the request; the client hears of it at the end of the loop's round. `status`: what a modern server
  /// answers with over HTTP, where it is not what the server did; else 0.
  void settle(std::string text, int status = 0);
  void settle(const upstream::Failure& failure);
  void deliver();
  void leave_session();
  void cancel_upstream(std::string_view reason);
  bool send_again(bool ran_nothing);
  /// Whether the answer says that the server no longer knows the session.
  bool in_lost_session() const;
  bool may_ask(mcp::Method method, json::Value params) const;

  mcp::Method method_;
  std::string legacy_;         ///< the request as the server gets it
  std::uint64_t server_id_;    ///< its id there, and its progress token
  std::string server_number_;  ///< the same as JSON
  std::string capabilities_;   ///< of the client, canonical
  Askable askable_;
  std::optional<unsigned> severity_;  ///< of the log messages that the client wants
  bool came_back_ = false;            ///< for a call that waits no more
  bool declined_ = false;             ///< the client declined what an earlier attempt asked for
  bool sent_again_ = false;
  Stage stage_ = Stage::waiting;
  upstream::Ticket* ticket_ = nullptr;
  int status_ = 0;
  std::vector<Open> open_;
  std::uint64_t asked_ = 0;  ///< questions so far, for their keys
  std::string token_;
  std::int64_t deadline_us_ = INT64_MAX;  ///< for the client to come back
  bool asks_again_ = false;               ///< the client came back without all answers
  io::Timer gathering_;                   ///< of questions for the next round
  std::vector<std::string> missed_;       ///< progress and log messages that came while no client waited
  std::string late_;                      ///< the server's answer, which came while no client waited
  std::string answer_;
  int answer_status_ = 0;
  std::optional<upstream::FailureKind> failure_;
  bool failure_sent_ = false;
  std::string failure_detail_;
};

}  // namespace doorward::gateway
