// What a server asks the client of a legacy session, during a call or on the session's own stream.

#include <algorithm>

#include "gateway/exchange.h"
#include "gateway/worker.h"

namespace doorward::gateway {
void Exchange::on_server_request(std::string_view text, const mcp::Message& message) {
  const std::string_view id = bytes_of_value(text, message.id);
  if (mcp::era_of(caller_.revision) == mcp::Era::modern) {
    // Forbidden there: nobody waits for an answer.
    return record_server_request("upstream.request_refused", message);
  }
  if (message.method == mcp::Method::ping) {
    std::string pong;
    mcp::append_result(pong, id, "{}");
    return answer_server(std::move(pong));
  }
  Session& session = *caller_.session;
  Splice splice(text);
  std::string task;
  if (front_ == nullptr || !name_related_task(message.meta, splice, task) ||
      !mcp::exists(message.method, session.revision, mcp::Sender::server) ||
      !session.declared.include(message.method) || message.params.find("task") ||
      session.asked.size() >= kMostAsked) {
    record_server_request("upstream.request_refused", message);
    std::string refusal;
    mcp::append_error(refusal, id, mcp::ErrorCode::method_not_found,
                      "The gateway does not let this server ask its client that.");
    return answer_server(std::move(refusal));
  }
  Asked asked;
  asked.number = worker_.next_number();
  asked.server_id = id;
  if (message.progress_token) asked.server_token = bytes_of_value(text, message.progress_token);
  asked.exchange = this;
  worker_.record_event("server.asked", {{"id", id_.view()},
                                        {"grant", session.grant_id},
                                        {"server", caller_.server->settings().name},
                                        {"session", session.digest},
                                        {"method", message.method_name},
                                        {"request", static_cast<std::int64_t>(asked.number)},
                                        {"bytes", static_cast<std::int64_t>(text.size())}});
  const std::string number = std::to_string(asked.number);
  session.asked.push_back(std::move(asked));
  if (ticket_ != nullptr) ticket_->set_patient(true);
  splice.replace(message.id, number);
  splice.replace(message.progress_token, number);
  streamed_ = true;
  front_->send(splice.pieces(), opened_session());
}

void Exchange::client_answered() {
  const auto& asked = caller_.session->asked;
  const bool waits =
      std::any_of(asked.begin(), asked.end(), [this](const Asked& each) { return each.exchange == this; });
  if (!waits && ticket_ != nullptr) ticket_->set_patient(false);
}

void Exchange::withdraw_question(std::string_view text, const mcp::Message& message) {
  if (caller_.session == nullptr) return;
  const json::Value wanted = message.params.find("requestId");
  if (!wanted) return;
  auto& open = caller_.session->asked;
  const auto found = std::find_if(open.begin(), open.end(), [&](const Asked& asked) {
    return asked.exchange == this && asked.server_id == bytes_of_value(text, wanted);
  });
  if (found == open.end()) return;
  const std::string number = std::to_string(found->number);
  open.erase(found);
  client_answered();
  Splice splice(text);
  splice.replace(wanted, number);
  front_->send(splice.pieces(), opened_session());
}

void Exchange::record_server_request(std::string_view event, const mcp::Message& message) {
  worker_.record_event(
      event,
      {{"id", id_.view()}, {"server", caller_.server->settings().name}, {"method", message.method_name}});
}

void Exchange::answer_server(std::string json) {
  worker_.send_notice(*caller_.server, caller_.session, caller_.revision, std::move(json));
}

}  // namespace doorward::gateway
