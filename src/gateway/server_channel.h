#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "upstream/channel.h"
#include "upstream/http_pool.h"
#include "upstream/settings.h"

namespace doorward::gateway {

class Worker;
struct Session;

/// A channel to a server (a child process, or HTTP+SSE) as the gateway keeps it: of one legacy session, or,
/// for a process, shared by all modern callers of a worker (`session` null). Records its start and end, and
/// carries what the server says of its own accord to the session.
class ServerChannel final : public upstream::ChannelListener {
 public:
  /// Starts the server's process; the reason for a person where it cannot be started.
  static Result<std::unique_ptr<ServerChannel>> start_process(
      Worker& worker, std::shared_ptr<const upstream::ServerSettings> settings, Session* session);
  /// Opens a stream of HTTP+SSE; `pool` outlives the channel's link.
  static std::unique_ptr<ServerChannel> open_stream(Worker& worker, upstream::HttpPool& pool,
                                                    Session& session);

  upstream::Channel& link() { return *link_; }
  bool running() const { return link_->running(); }
  /// The channel has ended: the owner may destroy this object.
  bool gone() const { return gone_; }
  /// The session has gone; the channel is being ended.
  void detach();

  void on_notification(std::string_view text, const mcp::Message& message) override;
  void on_request(std::string_view text, const mcp::Message& message) override;
  void on_protocol_error(std::string_view why) override;
  void on_error_line(std::string_view line) override;
  void on_closed(const upstream::Closing& closing) override;

 private:
  ServerChannel(Worker& worker, std::string server, Session* session)
      : worker_(worker), server_(std::move(server)), session_(session) {}

  Worker& worker_;
  std::string server_;
  Session* session_;
  std::unique_ptr<upstream::Channel> link_;
  bool gone_ = false;
};

}  // namespace doorward::gateway
