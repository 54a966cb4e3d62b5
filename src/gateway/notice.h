#pragma once

#include <memory>
#include <string>

#include "gateway/server_link.h"
#include "gateway/session.h"
#include "upstream/call.h"

namespace doorward::gateway {

/// A message of the gateway's own to a server that expects no answer: a cancellation, a refusal of the
/// server's request. What becomes of it does not matter.
class Notice final : public upstream::Call {
 public:
  void send(ServerLink& link, const std::shared_ptr<Session>& session, mcp::Revision revision,
            std::string json) {
    session_ = session;
    const std::string_view piece = json;
    Outgoing message;
    message.json = {&piece, 1};
    message.session = session.get();
    message.revision = revision;
    const Result<upstream::Ticket*> sent = link.send(message, *this);
    done_ = !sent || *sent == nullptr;
  }
  bool done() const { return done_; }

  void on_head(int, std::string_view, bool) override {}
  void on_message(std::string_view) override {}
  void on_end() override { done_ = true; }
  void on_failure(const upstream::Failure&) override { done_ = true; }

 private:
  std::shared_ptr<Session> session_;
  bool done_ = false;
};

}  // namespace doorward::gateway
