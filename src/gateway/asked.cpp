#include "gateway/asked.h"

#include <algorithm>

#include "gateway/bundle_session.h"
#include "gateway/worker.h"

namespace doorward::gateway {
namespace {

auto find_asked(Session& session, json::Value number) {
  if (!number.is(json::Type::number)) return session.asked.end();
  return std::find_if(session.asked.begin(), session.asked.end(),
                      [&](const Asked& asked) { return std::to_string(asked.number) == number.number(); });
}

void send(Worker& worker, const std::shared_ptr<Session>& session, Splice& splice) {
  std::string json;
  for (std::string_view piece : splice.pieces()) json += piece;
  worker.send_notice(*session->server, session, session->revision, std::move(json));
}

}  // namespace

bool pass_response(Worker& worker, const std::shared_ptr<Session>& session, std::string_view text,
                   const mcp::Message& message) {
  if (session->bundle != nullptr) {
    for (std::size_t i = 0; i < session->bundle->members(); ++i) {
      const std::shared_ptr<Session> member = session->bundle->session(i);
      if (member != nullptr && pass_response(worker, member, text, message)) return true;
    }
    return false;
  }
  const auto found = find_asked(*session, message.id);
  if (found == session->asked.end()) return false;
  const Asked asked = std::move(*found);
  session->asked.erase(found);
  worker.record_event("client.answered", {{"grant", session->grant_id},
                                          {"server", session->server->settings().name},
                                          {"session", session->digest},
                                          {"request", static_cast<std::int64_t>(asked.number)},
                                          {"result", message.kind == mcp::Kind::result ? "ok" : "error"},
                                          {"bytes", static_cast<std::int64_t>(text.size())}});
  if (asked.server_id.empty()) {
    asked.exchange->user_answered(message);
    return true;
  }
  asked.exchange->client_answered();
  Splice splice(text);
  splice.replace(message.id, asked.server_id);
  send(worker, session, splice);
  return true;
}

void pass_progress(Worker& worker, const std::shared_ptr<Session>& session, std::string_view text,
                   const mcp::Message& message) {
  const json::Value token = message.params.find("progressToken");
  const auto found = find_asked(*session, token);
  if (found == session->asked.end() || found->server_token.empty()) return;
  Splice splice(text);
  splice.replace(token, found->server_token);
  send(worker, session, splice);
}

}  // namespace doorward::gateway
