#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gateway/stdio_child.h"
#include "gateway/tool_table.h"
#include "gateway/world.h"
#include "mcp/revision.h"
#include "upstream/call.h"
#include "upstream/http_pool.h"

namespace doorward::gateway {

class Exchange;
class ToolLister;
class Worker;
struct Session;

/// One worker's way to one server: its connections or shared process, and what it knows of the tools.
class ServerLink {
 public:
  ServerLink(Worker& worker, const ServerEntry& server);
  ~ServerLink();

  const upstream::ServerSettings& settings() const { return *settings_; }
  ToolTable& tools() { return tools_; }
  /// The same settings under a new world.
  void set_server(const ServerEntry& server) { tools_.set_server(server); }

  /// A message of a client, as it goes to the server.
  struct Outgoing {
    std::uint64_t id = 0;  ///< our number in its JSON; 0: a notification
    std::span<const std::string_view> json;
    Session* session = nullptr;  ///< legacy
    mcp::Revision revision;
    std::string_view mirror_lines;  ///< modern, over HTTP
    bool listening = false;         ///< the answer is a stream that may be silent for ever
  };
  /// Null where the message was a notification to a process, which has no answer: nothing will be called.
  /// Fails where the process cannot be started.
  Result<upstream::Ticket*> send(const Outgoing& message, upstream::Call& call);
  /// The stream of a legacy session's own messages (GET), or its end (DELETE); over HTTP only.
  upstream::Ticket& open(http::Method method, const Session& session, upstream::Call& call);

  /// Whether asking the server for its tools now is not too soon after the last time.
  bool may_list_tools() const;
  /// Asks; calls `waiter.on_tools_listed` when done. One request serves all who wait.
  void list_tools(Session* session, mcp::Revision revision, Exchange& waiter);
  void stop_waiting(Exchange& waiter);
  void session_gone(const Session& session);

  /// The server has left the configuration, or changed: no new call comes.
  void retire();
  void tick();

 private:
  friend class ToolLister;
  void tools_listed(bool ok);
  StdioChild* shared_child();

  Worker& worker_;
  std::shared_ptr<const upstream::ServerSettings> settings_;
  std::unique_ptr<upstream::HttpPool> pool_;
  std::unique_ptr<StdioChild> child_;
  std::string child_failure_;
  std::int64_t child_retry_us_ = 0;
  std::int64_t child_pause_us_ = 0;
  ToolTable tools_;
  std::unique_ptr<ToolLister> lister_;
  std::unique_ptr<ToolLister> finished_lister_;  ///< until the next tick
  std::vector<Exchange*> waiters_;
  std::int64_t listed_us_ = INT64_MIN / 2;
};

}  // namespace doorward::gateway
