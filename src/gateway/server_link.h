#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gateway/bridge.h"
#include "gateway/era_probe.h"
#include "gateway/held_message.h"
#include "gateway/server_channel.h"
#include "gateway/tool_table.h"
#include "gateway/world.h"
#include "mcp/revision.h"
#include "upstream/backoff.h"
#include "upstream/builtin.h"
#include "upstream/call.h"
#include "upstream/http_pool.h"

namespace doorward::gateway {

class BridgeToLegacy;
class ToolLister;
class Worker;
struct Session;

/// Waits for ServerLink::list_tools.
class ToolsWaiter {
 public:
  /// From the loop, never from inside the function that began the waiting.
  virtual void on_tools_listed(bool ok) = 0;

 protected:
  ~ToolsWaiter() = default;
};

/// One worker's way to one server: its connections or shared process, the bridge to its era, and what it
/// knows of the tools.
///
/// The worker owns it; a bundle, which may use it long after it was retired, shares it.
class ServerLink : public std::enable_shared_from_this<ServerLink> {
 public:
  ServerLink(Worker& worker, const ServerEntry& server);
  ~ServerLink();

  const upstream::ServerSettings& settings() const { return *settings_; }
  ToolTable& tools() { return tools_; }
  /// The same settings under a new world.
  void set_server(const ServerEntry& server) { outdated_ = tools_.set_server(server) || outdated_; }

  /// Sends a message of a client to the server, through a bridge where the two are of different eras. A
  /// modern message to a server whose era is not known yet waits for it, so that no tool runs without the
  /// handshake that its server wants. Null where the message was a notification to a process, which has no
  /// answer: nothing will be called. Fails where the process cannot be started.
  Result<upstream::Ticket*> send(const Outgoing& message, upstream::Call& call);
  /// The stream of a legacy session's own messages (GET), or its end (DELETE); over HTTP or a bridge only.
  upstream::Ticket& open(http::Method method, Session& session, upstream::Call& call);

  /// The same toward the server itself, whatever its era: for bridges, which speak the server's.
  Result<upstream::Ticket*> send_native(const Outgoing& message, upstream::Call& call);
  upstream::Ticket& open_native(http::Method method, const Session& session, upstream::Call& call);

  /// The bridge of modern clients to this server as a legacy one.
  BridgeToLegacy& to_legacy();

  const ServerEras& eras() const { return *eras_; }
  /// Asks the server whether it is modern, if nobody does already, in the name of a grant. Fails where its process cannot be started.
  Status find_era(EraWaiter& waiter, std::string_view grant);
  void stop_waiting(EraWaiter& waiter) { std::erase(era_waiters_, &waiter); }
  /// The server has refused a legacy handshake as a modern-only server does: legacy clients need the bridge.
  void refuses_legacy() {
    eras_->legacy = Speaks::no;
    eras_->modern = Speaks::yes;
  }
  /// Ends what carries a session.
  void end_channel(Session& session);
  /// The server opened no stream of HTTP+SSE where it did before: it may have been replaced, so the next
  /// session finds out again.
  void doubt_transport() { transport_ = settings_->http().transport; }
  /// It answered as no server of its era does, or could not be reached: it may have been replaced, so it is
  /// asked anew before the next message whose way depends on it. Not more often than every few seconds.
  void doubt_era();

  /// Whether asking the server for its tools now is not too soon after the last time.
  bool may_list_tools() const;
  /// Why there is no list of tools yet: of a call that ran nothing.
  upstream::Failure list_failure() const { return {list_failure_, false, list_failure_detail_}; }
  /// Asks, in the name of a grant; calls `waiter.on_tools_listed` when done. One request serves all who wait.
  void list_tools(Session* session, mcp::Revision revision, std::string_view grant, ToolsWaiter& waiter);
  void stop_waiting(ToolsWaiter& waiter);
  /// Takes from a client's tools/list what it says in the server's own words, and lets the control thread know what is
  /// news of it. `first_page`: no cursor was given.
  void learn_tools(json::Value result, bool first_page);
  /// Asks, for nobody in particular.
  void refresh_tools(Session* session, mcp::Revision revision, std::string_view grant);
  /// The server says that its tools have changed: it is asked at once, and no call goes out by the old list.
  void outdate_tools(Session* session, mcp::Revision revision, std::string_view grant);
  bool tools_outdated() const { return outdated_ || (lister_ != nullptr && was_outdated_); }
  void session_gone(Session& session);

  /// The server has left the configuration, or changed: no new call comes.
  void retire();
  bool retired() const { return retired_; }
  /// Nothing of it is under way at the server. Of a retired link, so that it may go.
  bool quiet() const;
  void tick();

 private:
  friend class ToolLister;
  friend class EraProbe;
  friend class TransportProbe;
  /// Sends what waited once the server's era is known.
  struct Holding final : EraWaiter, HeldMessage {
    Holding(ServerLink& link, const Outgoing& message, upstream::Call& call)
        : HeldMessage(message, call), owner(link) {}
    void on_era_known(const upstream::Failure* failure) override;
    ServerLink& owner;
  };

  void tools_listed(bool ok);
  void list_failed(upstream::FailureKind kind, std::string_view detail);
  void report_tools();
  void era_found(Speaks modern, const upstream::Failure* failure);
  void end_shared_child();
  /// The connections for a message under this grant: those of all, or the grant's own where it has an account of its own.
  upstream::HttpPool& pool_of(std::string_view grant);
  upstream::Ticket* post(const Outgoing& message, upstream::Call& call);
  Result<upstream::Ticket*> hold(const Outgoing& message, upstream::Call& call);
  ServerChannel* shared_child();
  Result<ServerChannel*> channel_of(const Outgoing& message);

  Worker& worker_;
  bool retired_ = false;
  std::shared_ptr<const upstream::ServerSettings> settings_;
  std::unique_ptr<upstream::BuiltinLink> builtin_;
  /// By the grant whose account it is; of the empty one where all share an account, or none is needed.
  std::map<std::string, std::unique_ptr<upstream::HttpPool>, std::less<>> pools_;
  upstream::HttpTransport transport_ = upstream::HttpTransport::streamable;  ///< as far as it is known
  std::unique_ptr<ServerChannel> child_;
  std::string child_failure_;
  upstream::Backoff child_backoff_;
  ToolTable tools_;
  std::unique_ptr<ToolLister> lister_;
  std::unique_ptr<ToolLister> finished_lister_;  ///< until the next tick
  bool outdated_ = false;      ///< a change was announced, and no list was begun since then
  bool was_outdated_ = false;  ///< when the list under way was begun
  std::vector<ToolsWaiter*> waiters_;
  std::int64_t listed_us_ = INT64_MIN / 2;
  upstream::FailureKind list_failure_ = upstream::FailureKind::protocol;
  std::string list_failure_detail_;
  std::shared_ptr<ServerEras> eras_;
  std::int64_t doubted_us_ = INT64_MIN / 2;
  std::unique_ptr<EraProbe> probe_;
  std::unique_ptr<EraProbe> finished_probe_;  ///< until the next tick
  std::vector<EraWaiter*> era_waiters_;
  std::vector<std::unique_ptr<HeldMessage>> held_;
  std::vector<std::unique_ptr<ServerChannel>> ending_channels_;
  std::unique_ptr<BridgeToLegacy> to_legacy_;  ///< of modern clients
  std::unique_ptr<Bridge> to_modern_;          ///< of legacy clients
};

}  // namespace doorward::gateway
