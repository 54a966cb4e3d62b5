#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/authenticator.h"
#include "admin/console.h"
#include "admin/failure.h"
#include "admin/message.h"
#include "admin/openapi.h"
#include "admin/route_table.h"
#include "admin/translate.h"
#include "base/result.h"
#include "http/host_guard.h"
#include "io/acceptor.h"
#include "io/loop.h"
#include "io/stream.h"
#include "io/tls_server.h"

namespace doorward::admin {

class Connection;

/// Bounds of the admin API's connections.
struct Limits {
  std::size_t body = 20u << 20;            ///< of a request of somebody who is signed in
  std::size_t anonymous_body = 64u << 10;  ///< of one to an anonymous route
  std::size_t connections = 256;           ///< of a listener; more are closed at once
  std::size_t unread = 1u << 20;           ///< bytes that a stream's reader may be behind
  std::chrono::milliseconds header{10'000};
  std::chrono::milliseconds body_time{30'000};
  std::chrono::milliseconds idle{75'000};
};

/// The admin API (docs/api.md): HTTP/1.1 for a few peers, on the control thread's loop. Every route of the
/// table that is an operation becomes a request to `serve`; the others have a handler. Knows nothing of what
/// an operation does.
///
/// There are two ways in. Over TCP the Host must be a known one (DNS rebinding, T278), requests of foreign
/// pages are refused (Origin, Sec-Fetch-Site), and the authenticator says who asks. Over the Unix socket the
/// peer's user id says it: the owner of this process, or root, is an admin.
class Server {
 public:
  Server(io::Loop& loop, Serve serve, Limits limits = {}, const RouteTable& table = RouteTable::instance());
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Whom an operation is for: others are refused by their request's head, before anything of its body is looked at
  /// (T275). Without it the operation alone refuses them. Before the listeners start.
  void check_roles(RolesOf roles_of) { roles_of_ = std::move(roles_of); }

  /// Serves the web console on paths that are no route. Before the listeners start.
  void serve_console(Console console) { console_ = std::move(console); }

  /// Answers a route that is no operation. Before the listeners start.
  using Handler = std::function<void(const Request& request, Respond respond)>;
  void handle(std::string_view op, Handler handler);

  /// Listens on a numeric address. `authenticator` must outlive the server. `tls` null: plain HTTP.
  Status listen_tcp(const io::Address& at, const std::vector<std::string>& hosts,
                    const std::vector<std::string>& origins, Authenticator& authenticator,
                    std::shared_ptr<io::TlsServer> tls = nullptr);
  /// Replaces a stale socket; conflict where another process answers on it.
  Status listen_unix(const std::string& path);
  /// Closes everything, and removes the Unix socket's file.
  void stop();

  /// Of the TLS listener; null without one.
  io::TlsServer* tls() const { return tls_.get(); }
  /// Of the TCP listener; empty without one.
  const io::Address& address() const { return address_; }
  std::size_t connections() const { return connections_.size(); }

 private:
  friend Connection;

  void accepted(io::Fd fd, const io::Address& peer);
  void accepted_local(io::Fd fd);
  void start(io::Stream stream, std::string peer, std::optional<Caller> caller);
  void drop(Connection& connection);

  /// Whether a request is for the console, since its path is no route's.
  bool for_console(const Request& request, const RouteTable::Match& match) const;
  /// Judges a request by its head: the most bytes that its body may have, or the refusal.
  std::expected<std::size_t, Response> admit(Request& request, bool local);
  void answer(const Request& request, Respond respond);
  void serve_operation(const Request& request, const RouteTable::Match& match, Respond respond);
  void serve_if_fits(OperationRequest change, const RouteEntry& entry, const Request& request, Respond respond);

  io::Loop& loop_;
  Serve serve_;
  Limits limits_;
  const RouteTable& table_;
  RolesOf roles_of_;
  std::map<std::string, Handler, std::less<>> handlers_;
  std::optional<Console> console_;
  std::unique_ptr<http::HostGuard> guard_;
  Authenticator* authenticator_ = nullptr;
  std::shared_ptr<io::TlsServer> tls_;
  io::Address address_;
  std::string socket_path_;
  std::unique_ptr<io::Acceptor> tcp_;
  std::unique_ptr<io::Acceptor> unix_;
  std::list<std::unique_ptr<Connection>> connections_;
};

}  // namespace doorward::admin
