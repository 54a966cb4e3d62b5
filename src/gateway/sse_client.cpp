#include "gateway/sse_client.h"

#include <utility>

#include "gateway/worker.h"
#include "mcp/sse.h"

namespace doorward::gateway {

SseClient::SseClient(Worker& worker, EventOutlet& outlet, std::string id, std::string grant_id)
    : outlet_(&outlet),
      id_(std::move(id)),
      grant_id_(std::move(grant_id)),
      messages_(worker, *this, DuplexClient::Eras::legacy) {}

std::string SseClient::take(const Caller& caller, std::string_view text) {
  messages_.take(caller, text);
  return std::exchange(refused_, {});
}

bool SseClient::is_over() const {
  return messages_.session() != nullptr && messages_.session()->ended;
}

void SseClient::write(Front::Pieces json) {
  if (outlet_ == nullptr) return;
  std::string message;
  for (std::string_view piece : json) message += piece;
  std::string event = "event: message\n";
  mcp::append_sse_message(event, message);
  outlet_->write_event(event);
}

SseClient& SseClientTable::open(Worker& worker, EventOutlet& outlet, const std::string& grant_id) {
  auto client = std::make_unique<SseClient>(worker, outlet, make_session_id(worker.index()), grant_id);
  SseClient& opened = *client;
  clients_.emplace(opened.id(), std::move(client));
  return opened;
}

SseClient* SseClientTable::find(std::string_view id, std::string_view grant_id) const {
  const auto found = clients_.find(id);
  return found == clients_.end() || found->second->grant_id_ != grant_id ? nullptr : found->second.get();
}

void SseClientTable::close(SseClient& client, std::string_view why) {
  const auto found = clients_.find(client.id());
  if (found == clients_.end()) return;
  closed_.push_back(std::move(found->second));
  clients_.erase(found);
  client.outlet_ = nullptr;
  client.messages_.end(why);
}

}  // namespace doorward::gateway
