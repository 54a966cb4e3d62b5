#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/bridged_call.h"
#include "gateway/server_link.h"
#include "mcp/input_required.h"
#include "mcp/modern_request.h"

namespace doorward::gateway {

/// A request of a legacy client that a modern server answers, in as many rounds as that takes: where the server
/// requires input, the client is asked as a legacy server would ask it in the answer to this request, and the
/// request goes out again with what it said.
class ModernCall final : public BridgedCall, public ToolsWaiter {
 public:
  /// `text`: the request as it stands in `message`.
  ModernCall(BridgeToModern& bridge, const Outgoing& message, std::string text, upstream::Call& call);
  ~ModernCall();

  /// Sends the first round. Fails where the server's process cannot be started.
  Status start();
  std::string_view text() const { return text_; }
  /// The client's answer to one of this call's questions, read from `text`.
  void take_answer(std::uint64_t question, std::string_view text, const mcp::Message& answer);

  /// A notification of the server about this call.
  void on_notification(std::string_view text, const mcp::Message& message);

  void tick() override;
  bool takes_notices() const override { return ticket_ != nullptr && after_ == After::failure; }
  void cancel() override;
  void on_tools_listed(bool ok) override;
  void on_head(int status, std::string_view session, bool stream) override;
  void on_message(std::string_view text) override;
  void on_end() override;
  void on_failure(const upstream::Failure& failure) override;

 private:
  Status send_round();
  void go_on() override;
  void on_result(std::string_view text, const mcp::Message& message);
  void on_error(std::string_view text, const mcp::Message& message);
  void ask_client(std::string_view text, json::Value result);
  void refuse(std::string_view why);
  void break_off(const char* why, upstream::FailureKind kind = upstream::FailureKind::protocol);

  /// What the end of the present modern request means.
  enum class After : std::uint8_t { failure, answered, another_round };

  const std::string text_;
  const std::string grant_;
  const mcp::Method method_;
  const bool listening_;
  int status_ = 0;
  unsigned rounds_ = 0;
  After after_ = After::failure;
  bool first_page_ = false;  ///< of a list: no cursor was given
  bool relisted_ = false;
  bool relisting_ = false;
  std::vector<mcp::InputAsk> asks_;
  std::size_t open_questions_ = 0;
  std::int64_t asked_us_ = 0;
  std::string refusal_;  ///< why the client did not give an input
  mcp::InputRound round_;
};

}  // namespace doorward::gateway
