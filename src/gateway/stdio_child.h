#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "upstream/stdio_link.h"

namespace doorward::gateway {

class Worker;
struct Session;

/// A server's process as the gateway keeps it: of one legacy session, or shared by all modern callers of a
/// worker (`session` null). Records its start and end, and carries what it says of its own accord to the
/// session's stream.
class StdioChild final : public upstream::StdioListener {
 public:
  /// Starts the process; the reason for a person where it cannot be started.
  static Result<std::unique_ptr<StdioChild>> start(Worker& worker,
                                                   std::shared_ptr<const upstream::ServerSettings> settings,
                                                   Session* session);

  upstream::StdioLink& link() { return *link_; }
  bool running() const { return link_->running(); }
  /// The process has ended: the owner may destroy this object.
  bool gone() const { return gone_; }
  /// The session has gone; the process is being ended.
  void detach();

  void on_notification(std::string_view text, const mcp::Message& message) override;
  void on_request(std::string_view text, const mcp::Message& message) override;
  void on_protocol_error(std::string_view why) override;
  void on_error_line(std::string_view line) override;
  void on_exit(io::ExitStatus status) override;

 private:
  StdioChild(Worker& worker, std::string server, Session* session)
      : worker_(worker), server_(std::move(server)), session_(session) {}

  Worker& worker_;
  std::string server_;
  Session* session_;
  std::unique_ptr<upstream::StdioLink> link_;
  bool gone_ = false;
};

}  // namespace doorward::gateway
