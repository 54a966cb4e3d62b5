#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "gateway/bridge.h"
#include "io/loop.h"
#include "mcp/envelope.h"
#include "upstream/call.h"

namespace doorward::gateway {

class BridgeToModern;

/// What a bridge does for one request of a legacy session: toward the gateway it is the ticket of the request
/// and speaks to its Call, toward the server it is the Call of whatever modern request is under way for it.
/// Owned by its bridge, which destroys it some time after done(). Worker's thread.
class BridgedCall : public upstream::Call, public upstream::Ticket {
 public:
  BridgedCall(BridgeToModern& bridge, Session& session, std::uint64_t id, upstream::Call& call);
  virtual ~BridgedCall();
  BridgedCall(const BridgedCall&) = delete;
  BridgedCall& operator=(const BridgedCall&) = delete;

  /// It was given up, or its answer has come.
  bool done() const { return call_ == nullptr; }
  const Session& session() const { return session_; }
  std::uint64_t id() const { return id_; }

  /// Answers from the loop, not from inside the present call. `result`: JSON.
  void answer_result_later(std::string_view result);
  void answer_error_later(mcp::ErrorCode code, std::string_view message);
  /// Fails from the loop unless it is answered. `detail` is a literal.
  void fail_later(upstream::FailureKind kind, const char* detail);
  virtual void tick() {}
  /// Whether the server works on it and may say something about it without naming it.
  virtual bool takes_notices() const { return false; }

  void cancel() override;
  void pause() override;
  void resume() override;
  void set_patient(bool) override {}

 protected:
  /// Work for the loop at the end of its present iteration.
  enum class Later : std::uint8_t { nothing, answer, fail, go_on };
  void later(Later what);
  /// What go_on means.
  virtual void go_on() {}

  /// Takes the ticket of a modern request of this id.
  Status sent_modern(std::uint64_t number, Result<upstream::Ticket*> sent);
  /// Gives the modern request up: over stdio the server is told, over HTTP its stream closes.
  void give_up_upstream();
  /// The answer begins, as a legacy server's over HTTP would: 200.
  void begin_answer();
  void give_answer(std::string_view text);
  void finish();
  void fail(const upstream::Failure& failure);
  bool answered() const { return answered_; }
  void take_ticket(upstream::Ticket* ticket);

  BridgeToModern& bridge_;
  Session& session_;
  const std::uint64_t id_;  ///< that the gateway gave the request
  upstream::Call* call_;
  upstream::Ticket* ticket_ = nullptr;
  std::uint64_t number_ = 0;  ///< of the request under way at the server
  bool stream_ = false;       ///< the server answers with a stream
  bool begun_ = false;
  bool modern_ = false;  ///< the request under way is a modern one

 private:
  void run_later();

  std::string answer_;
  upstream::FailureKind failure_ = upstream::FailureKind::closed;
  const char* detail_ = "";
  Later later_ = Later::nothing;
  bool queued_ = false;
  bool answered_ = false;
  bool paused_ = false;
  io::Task task_;
};

}  // namespace doorward::gateway
