#pragma once

#include <string>
#include <string_view>

#include "gateway/bridged_call.h"
#include "json/reader.h"
#include "mcp/modern_request.h"

namespace doorward::gateway {

/// A legacy client's initialize to a server that may be modern-only: it goes to the server as it is, and where
/// the server refuses it and turns out to be modern, it is answered from what `server/discover` says, and the
/// bridge speaks in the session from then on. Over stdio all of it happens in the session's own process.
class Handshake final : public BridgedCall {
 public:
  /// `text`: the request as it stands in `message`.
  Handshake(BridgeToModern& bridge, const Outgoing& message, std::string text, upstream::Call& call);

  /// Fails where the server's process cannot be started.
  Status start();

  void on_head(int status, std::string_view session, bool stream) override;
  void on_message(std::string_view text) override;
  void on_priming(std::optional<std::uint32_t> retry_ms) override;
  void on_suspended(std::optional<std::uint32_t> retry_ms) override;
  void on_end() override;
  void on_failure(const upstream::Failure& failure) override;

 private:
  enum class Step : std::uint8_t {
    asking,       ///< the server itself, as the client asked
    passing,      ///< what the server says; it has accepted
    refused,      ///< by the server; its answer ends
    discovering,  ///< what it has
    answered,     ///< from what it has
  };
  Status shake_hands();
  Status discover();
  void go_on() override;
  void pass_head();
  void pass_refusal();
  void on_discovered(std::string_view text);
  void adopt(std::string_view text, json::Value discovered);

  const std::string text_;
  const std::string grant_;
  const mcp::Revision revision_;
  Step step_ = Step::asking;
  int status_ = 0;  ///< of the server's own answer; 0: none yet, or over stdio
  std::string session_id_;
  std::string refusal_;  ///< of the server, whole
  std::string failure_;  ///< of server/discover, a JSON error object
  mcp::ClientSelf self_;
  mcp::Revision agreed_ = mcp::Revision::v2025_11_25;
  bool shaken_ = false;  ///< the handshake was tried
  json::Reader reader_;
};

}  // namespace doorward::gateway
