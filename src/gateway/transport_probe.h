#pragma once

#include <string>
#include <string_view>

#include "gateway/held_message.h"

namespace doorward::gateway {

class ServerLink;

/// The `initialize` of a session whose server may speak Streamable HTTP or HTTP+SSE: posted first; where the
/// server refuses the POST as one of 2024-11-05 does (400, 404 or 405, and no error that only the modern era
/// has), sent again over a stream. Where that does not open either, the refusal is the answer.
class TransportProbe final : public HeldMessage {
 public:
  TransportProbe(ServerLink& link, const Outgoing& message, upstream::Call& call)
      : HeldMessage(message, call), link_(link) {}

  void on_head(int status, std::string_view session, bool stream) override;
  void on_message(std::string_view text) override;
  void on_end() override;
  void on_failure(const upstream::Failure& failure) override;

 private:
  void tell_refusal();

  ServerLink& link_;
  int refused_ = 0;  ///< the status by which the POST was refused, or 0
  std::string refusal_;
  bool over_stream_ = false;
};

}  // namespace doorward::gateway
