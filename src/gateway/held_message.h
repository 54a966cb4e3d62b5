#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/bridge.h"
#include "upstream/call.h"

namespace doorward::gateway {

/// The memory of an Outgoing that waits.
class StoredMessage {
 public:
  explicit StoredMessage(const Outgoing& message);
  StoredMessage(const StoredMessage&) = delete;
  StoredMessage& operator=(const StoredMessage&) = delete;

  const Outgoing& outgoing() const { return outgoing_; }
  std::string_view json() const { return json_; }

 private:
  std::string json_;
  std::string mirror_lines_;
  std::string grant_;
  std::string hops_;
  std::string_view piece_;
  Outgoing outgoing_;
};

/// A request that waits to be sent, and its Call and Ticket: what its sender says before it goes, and what it
/// says after, reaches the server alike.
class HeldMessage : public upstream::Call, public upstream::Ticket {
 public:
  HeldMessage(const Outgoing& message, upstream::Call& call) : message_(message), call_(&call) {}
  virtual ~HeldMessage() = default;

  const Outgoing& outgoing() const { return message_.outgoing(); }
  /// It was given up, or its answer has come: its owner may destroy it, but not from inside its own calls.
  bool done() const { return call_ == nullptr; }
  /// What `send(outgoing(), *this)` gave: from now on the ticket is the server's. A failure is told to the
  /// call.
  void sent(Result<upstream::Ticket*> result);
  /// It will not be sent.
  void fail(const upstream::Failure& failure);

  void cancel() override;
  void pause() override;
  void resume() override;
  void set_patient(bool patient) override;

  void on_head(int status, std::string_view session, bool stream) override;
  void on_message(std::string_view text) override;
  void on_priming(std::optional<std::uint32_t> retry_ms) override;
  void on_suspended(std::optional<std::uint32_t> retry_ms) override;
  void on_end() override;
  void on_failure(const upstream::Failure& failure) override;

 protected:
  /// What was sent has ended, and the call is not told: it will be sent again, or answered otherwise.
  void unsent() { ticket_ = nullptr; }

 private:
  StoredMessage message_;
  upstream::Call* call_;
  upstream::Ticket* ticket_ = nullptr;
  bool paused_ = false;
};

}  // namespace doorward::gateway
