#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/bridge.h"
#include "upstream/call.h"

namespace doorward::gateway {

class BridgeToLegacy;
class UpstreamSession;

/// One request of a modern client on its way over the bridge, and its ticket. Owned by the bridge, which
/// destroys it after it is done. Worker's thread.
class Crossing : public upstream::Ticket {
 public:
  Crossing(BridgeToLegacy& bridge, const Outgoing& message, upstream::Call& client)
      : bridge_(bridge), grant_(message.grant), client_(&client), number_(std::to_string(message.id)) {}
  virtual ~Crossing() = default;
  Crossing(const Crossing&) = delete;
  Crossing& operator=(const Crossing&) = delete;

  const std::string& grant() const { return grant_; }
  virtual bool done() const = 0;

  /// The session that it entered stands, or what it asked of the session has come true.
  virtual void on_session_ready() = 0;
  /// The session could not be opened, or was lost before the request was sent in it.
  virtual void on_session_failed(const upstream::Failure& failure) = 0;
  /// What bridge.defer(*this) asked for: the end of the loop's round, where the client may be called.
  virtual void on_turn() = 0;
  virtual void tick() {}
  /// It cannot go on: the server has left the configuration.
  virtual void give_up() = 0;

  void pause() override {}
  void resume() override {}
  void set_patient(bool) override {}

  bool deferred = false;  ///< waits for on_turn; the bridge's

 protected:
  /// Gives the client its answer and lets it go. `status`: of a modern server's answer over HTTP; 0: none.
  void answer(std::string_view text, int status);
  void fail(const upstream::Failure& failure);

  BridgeToLegacy& bridge_;
  std::string grant_;
  upstream::Call* client_;  ///< null: it has its answer, or has gone
  std::string number_;      ///< the id that the client's side knows the request by, as JSON
  UpstreamSession* session_ = nullptr;
};

}  // namespace doorward::gateway
