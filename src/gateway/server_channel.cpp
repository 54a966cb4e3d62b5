#include "gateway/server_channel.h"

#include "base/log.h"
#include "gateway/exchange.h"
#include "gateway/session.h"
#include "gateway/worker.h"
#include "upstream/sse_link.h"
#include "upstream/stdio_link.h"

namespace doorward::gateway {

Result<std::unique_ptr<ServerChannel>> ServerChannel::start_process(
    Worker& worker, std::shared_ptr<const upstream::ServerSettings> settings, Session* session) {
  std::unique_ptr<ServerChannel> channel(new ServerChannel(worker, settings->name, session));
  Result<std::unique_ptr<upstream::StdioLink>> link =
      upstream::StdioLink::start(worker.loop(), std::move(settings), *channel);
  if (!link) {
    worker.record_event("child.start_failed",
                        {{"server", channel->server_}, {"reason", link.error().message}});
    return std::unexpected(link.error());
  }
  channel->link_ = std::move(*link);
  worker.record_event("child.start", {{"server", channel->server_}});
  return channel;
}

std::unique_ptr<ServerChannel> ServerChannel::open_stream(Worker& worker, upstream::HttpPool& pool,
                                                          Session& session) {
  std::unique_ptr<ServerChannel> channel(new ServerChannel(worker, pool.settings().name, &session));
  channel->link_ = std::make_unique<upstream::SseLink>(worker.loop(), pool, *channel);
  return channel;
}

void ServerChannel::detach() {
  session_ = nullptr;
  link_->stop();
}

void ServerChannel::on_notification(std::string_view text, const mcp::Message& message) {
  if (session_ == nullptr) return;
  if (message.method == mcp::Method::tools_list_changed) {
    session_->server->outdate_tools(session_, session_->revision, session_->grant_id);
  }
  if (session_->ear != nullptr) return session_->ear->on_server_message(text, message);
  const bool of_a_call = message.method == mcp::Method::message || message.method == mcp::Method::cancelled;
  if (Exchange* exchange = of_a_call ? session_->speaker() : session_->listener) {
    exchange->on_server_notification(text, message);
  }
}

void ServerChannel::on_request(std::string_view text, const mcp::Message& message) {
  if (session_ != nullptr && session_->ear != nullptr) return session_->ear->on_server_message(text, message);
  if (Exchange* exchange = session_ != nullptr ? session_->speaker() : nullptr) {
    return exchange->on_server_request(text, message);
  }
  const std::string_view id = bytes_of_value(text, message.id);
  std::string answer;
  if (message.method == mcp::Method::ping) {
    mcp::append_result(answer, id, "{}");
  } else {
    worker_.record_event("upstream.request_refused", {{"server", server_}, {"method", message.method_name}});
    mcp::append_error(answer, id, mcp::ErrorCode::method_not_found,
                      "The gateway does not let this server ask its client that.");
  }
  const std::string_view piece = answer;
  link_->notify({&piece, 1});
}

void ServerChannel::on_protocol_error(std::string_view why) {
  worker_.record_event("upstream.protocol_error", {{"server", server_}, {"reason", why}});
}

void ServerChannel::on_error_line(std::string_view line) {
  log_line(LogLevel::info, "the server wrote to its standard error", {{"server", server_}, {"line", line}});
}

void ServerChannel::on_closed(const upstream::Closing& closing) {
  gone_ = true;
  if (closing.process) {
    worker_.record_event("child.exit", {{"server", server_},
                                        {"code", static_cast<std::int64_t>(closing.process->code)},
                                        {"signal", static_cast<std::int64_t>(closing.process->signal)}});
    return;
  }
  worker_.record_event("upstream.stream_closed", {{"server", server_}, {"reason", closing.why}});
  if (!closing.established && session_ != nullptr) session_->server->doubt_transport();
}

}  // namespace doorward::gateway
