#include "admin/server.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "admin/connection.h"
#include "admin/etag.h"
#include "admin/page.h"
#include "base/log.h"

namespace doorward::admin {
namespace {

std::optional<Verb> verb_of(http::Method method) {
  switch (method) {
    case http::Method::get:
      return Verb::get;
    case http::Method::post:
      return Verb::post;
    case http::Method::put:
      return Verb::put;
    case http::Method::patch:
      return Verb::patch;
    case http::Method::del:
      return Verb::del;
    case http::Method::head:
    case http::Method::options:
      return std::nullopt;
  }
  return std::nullopt;
}

Response wrong_verb(const RouteTable::Match& match) {
  std::string allowed;
  for (const Verb verb : match.allowed) {
    if (!allowed.empty()) allowed += ", ";
    allowed += to_string(verb);
  }
  Response response =
      Response::problem(Failure{{ErrorKind::invalid, "this path takes " + allowed + " only"}, {}}, 405);
  response.headers.emplace_back("Allow", std::move(allowed));
  return response;
}

Response refused(int status, std::string detail) {
  return Response::problem(Failure{{ErrorKind::denied, std::move(detail)}, {}}, status);
}

}  // namespace

Server::Server(io::Loop& loop, Serve serve, Limits limits, const RouteTable& table)
    : loop_(loop), serve_(std::move(serve)), limits_(limits), table_(table) {}

Server::~Server() {
  stop();
}

void Server::handle(std::string_view op, Handler handler) {
  handlers_.insert_or_assign(std::string(op), std::move(handler));
}

Status Server::listen_tcp(const io::Address& at, const std::vector<std::string>& hosts,
                          const std::vector<std::string>& origins, Authenticator& authenticator,
                          std::shared_ptr<io::TlsServer> tls) {
  auto listener = io::listen_tcp(at);
  if (!listener) return std::unexpected(listener.error());
  const auto bound = io::local_address(listener->get());
  if (!bound) return std::unexpected(bound.error());
  guard_ = std::make_unique<http::HostGuard>(bound->port());
  if (Status own = guard_->allow_host(bound->to_string()); !own) return own;
  for (const std::string& host : hosts) {
    if (Status allowed = guard_->allow_host(host); !allowed) return allowed;
  }
  for (const std::string& origin : origins) {
    if (Status allowed = guard_->allow_origin(origin); !allowed) return allowed;
  }
  if (tls) {
    for (const char* name : {"localhost", "127.0.0.1", "[::1]"}) {
      const std::string own = std::string("https://") + name + ":" + std::to_string(bound->port());
      if (Status allowed = guard_->allow_origin(own); !allowed) return allowed;
    }
  }
  authenticator_ = &authenticator;
  tls_ = std::move(tls);
  address_ = *bound;
  tcp_ = std::make_unique<io::Acceptor>(loop_, std::move(*listener), [this](io::Fd fd, const io::Address& peer) {
    accepted(std::move(fd), peer);
  });
  return tcp_->start();
}

Status Server::listen_unix(const std::string& path) {
  auto listener = io::listen_unix(path);
  if (!listener) return std::unexpected(listener.error());
  socket_path_ = path;
  unix_ = std::make_unique<io::Acceptor>(loop_, std::move(*listener),
                                         [this](io::Fd fd, const io::Address&) { accepted_local(std::move(fd)); });
  return unix_->start();
}

void Server::stop() {
  if (tcp_) tcp_->stop();
  if (unix_) {
    unix_->stop();
    unlink(socket_path_.c_str());
  }
  tcp_.reset();
  unix_.reset();
  connections_.clear();
}

void Server::accepted(io::Fd fd, const io::Address& peer) {
  if (!tls_) return start(io::Stream(std::move(fd)), peer.host_to_string(), std::nullopt);
  auto secured = tls_->wrap(std::move(fd));
  if (secured) start(std::move(*secured), peer.host_to_string(), std::nullopt);
}

void Server::accepted_local(io::Fd fd) {
  const auto peer = io::peer_credentials(fd.get());
  if (!peer || (peer->uid != geteuid() && peer->uid != 0)) {
    log_line(LogLevel::warning, "a connection to the control socket was refused: it is another user's",
             {{"uid", peer ? static_cast<std::int64_t>(peer->uid) : -1}});
    return;
  }
  start(io::Stream(std::move(fd)), {}, Caller{identity::Actor::local(peer->uid)});
}

void Server::start(io::Stream stream, std::string peer, std::optional<Caller> caller) {
  if (connections_.size() >= limits_.connections) return;
  connections_.push_back(
      std::make_unique<Connection>(*this, std::move(stream), std::move(peer), std::move(caller)));
  if (!connections_.back()->start()) connections_.pop_back();
}

void Server::drop(Connection& connection) {
  connections_.remove_if([&](const std::unique_ptr<Connection>& held) { return held.get() == &connection; });
}

bool Server::for_console(const Request& request, const RouteTable::Match& match) const {
  return console_ && match.entry == nullptr && match.allowed.empty() && console_->serves(request);
}

std::expected<std::size_t, Response> Server::admit(Request& request, bool local) {
  const auto verb = verb_of(request.method);
  const RouteTable::Match match = table_.match(verb.value_or(Verb::get), request.path);
  const bool console = for_console(request, match);
  const Route* const route = verb && match.entry != nullptr ? match.entry->route : nullptr;
  if (!local) {
    if (!guard_->host_allowed(request.header("host"))) {
      return std::unexpected(refused(421, "this Host is none of ours; add it to admin.allowed_hosts"));
    }
    const std::string_view origin = request.header("origin");
    const std::string_view site = request.header("sec-fetch-site");
    // A link in a message leads to a page of the console, which shows nothing before its own requests are answered.
    const bool landing = console || (route != nullptr && route->landing);
    const bool led_here = landing && request.header("sec-fetch-mode") == "navigate";
    const bool foreign = (!origin.empty() && !guard_->origin_allowed(origin)) ||
                         (!site.empty() && site != "same-origin" && site != "none" && !led_here);
    if (foreign) return std::unexpected(refused(403, "a page of another site may not ask for this"));
  }
  const bool anonymous = console || (route != nullptr && route->access == Access::anonymous);
  if (!local && !anonymous) {
    auto caller = authenticator_->authenticate(request);
    if (!caller) return std::unexpected(std::move(caller.error()));
    request.caller = std::move(*caller);
  }
  if (route != nullptr && route->access == Access::operation && roles_of_) {
    const identity::Actor& actor = request.caller.actor;
    const auto roles = roles_of_(route->op);
    if (roles && !actor.roles.intersects(*roles)) {
      return std::unexpected(
          refused(403, "this is for " + to_string(*roles) + ", and " + actor.name + " is " + to_string(actor.roles)));
    }
  }
  return anonymous ? limits_.anonymous_body : limits_.body;
}

void Server::answer(const Request& request, Respond respond) {
  const auto verb = verb_of(request.method);
  RouteTable::Match match = table_.match(verb.value_or(Verb::get), request.path);
  if (for_console(request, match)) return respond(console_->answer(request));
  if (!verb && match.entry != nullptr) match.allowed = {match.entry->route->verb};
  if (!verb || match.entry == nullptr) {
    if (!match.allowed.empty()) return respond(wrong_verb(match));
    return respond(Response::problem(ErrorKind::not_found,
                                     "there is nothing here; GET /api/v1/openapi.json lists every path"));
  }
  const Route& route = *match.entry->route;
  if (route.access == Access::operation) return serve_operation(request, match, std::move(respond));
  if (route.access == Access::signed_in && request.caller.actor.roles.empty()) {
    return respond(Response::problem(ErrorKind::denied, request.caller.actor.name + " has no role"));
  }
  const auto handler = handlers_.find(route.op);
  if (handler == handlers_.end()) {
    return respond(Response::problem(ErrorKind::unavailable, "this gateway does not serve " + std::string(route.op)));
  }
  handler->second(request, std::move(respond));
}

void Server::serve_operation(const Request& request, const RouteTable::Match& match, Respond respond) {
  auto asked = to_operation(match, request.query, request.body);
  if (!asked) return respond(Response::problem(Failure{asked.error(), {}}, status_of(asked.error().kind)));
  const RouteEntry& entry = *match.entry;
  if (entry.route->verb != Verb::get &&
      !(request.header("if-match").empty() && request.header("if-none-match").empty())) {
    return serve_if_fits(std::move(*asked), entry, request, std::move(respond));
  }
  const bool reads = entry.route->verb == Verb::get;
  serve_(std::move(asked->json), request.caller.actor,
         [reads, route = entry.route, page = std::move(asked->page), known = std::string(request.header("if-none-match")),
          respond = std::move(respond)](Answer answer) mutable {
           if (!answer) return respond(Response::problem(answer.error(), status_of(answer.error().error.kind)));
           Response response{.body = page.limit == 0 ? std::move(*answer) : cut_page(route->paged, page, *answer)};
           if (reads) {
             std::string etag = etag_of(response.body);
             if (!known.empty() && etag_listed(known, etag)) response = {.status = 304, .type = {}};
             response.headers.emplace_back("ETag", std::move(etag));
           }
           respond(std::move(response));
         });
}

/// Asks for the resource as it is now and changes it only where it still is what the client has seen (If-Match),
/// or is not there yet (`If-None-Match: *`). Nothing comes between the two: both are served in one go on this
/// thread.
void Server::serve_if_fits(OperationRequest change, const RouteEntry& entry, const Request& request,
                           Respond respond) {
  const RouteEntry* resource = table_.resource_of(entry);
  auto look = resource == nullptr ? fail(ErrorKind::invalid, "this takes no If-Match")
                                  : to_resource_request(*resource, change.json);
  if (!look) return respond(Response::problem(Failure{look.error(), {}}, status_of(look.error().kind)));
  serve_(std::move(*look), request.caller.actor,
         [this, change = std::move(change.json), seen = std::string(request.header("if-match")),
          unwanted = std::string(request.header("if-none-match")), actor = request.caller.actor,
          respond = std::move(respond)](Answer now) mutable {
           const std::string etag = now ? etag_of(*now) : std::string();
           const char* why = nullptr;
           if (!seen.empty() && (!now || !etag_listed(seen, etag))) {
             why = "somebody has changed this since you read it; read it again";
           } else if (!unwanted.empty() && now && etag_listed(unwanted, etag)) {
             why = "this is there already; read it, and change it with If-Match";
           }
           if (why != nullptr) return respond(Response::problem(Failure{{ErrorKind::conflict, why}, {}}, 412));
           serve_(std::move(change), actor, [respond = std::move(respond)](Answer answer) mutable {
             respond(answer ? Response{.body = std::move(*answer)}
                            : Response::problem(answer.error(), status_of(answer.error().error.kind)));
           });
         });
}

}  // namespace doorward::admin
