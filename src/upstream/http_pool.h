#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/request_head.h"
#include "io/address_class.h"
#include "io/loop.h"
#include "io/resolver.h"
#include "io/socket.h"
#include "io/tls.h"
#include "json/reader.h"
#include "upstream/backoff.h"
#include "upstream/call.h"
#include "upstream/settings.h"
#include "upstream/token_slot.h"

namespace doorward::upstream {

class AuthorizedRequest;
class HttpConnection;
class ResumableRequest;
class ResumePoint;

/// The header by which gateways in a row find out that they stand in a circle.
inline constexpr std::string_view kHopsHeader = "doorward-hops";

/// One request toward a server. Everything is copied before start() returns.
struct HttpRequest {
  http::Method method = http::Method::post;
  std::string_view lines = {};  ///< header lines beside the configured ones, each ended by CRLF; trusted
  std::span<const std::string_view> body = {};  ///< pieces of the JSON text; none for GET and DELETE
  bool listening = false;                  ///< the answer is a stream that may be silent for ever
  /// Legacy: where the answer's stream ends before the answer and has named an event, the pool comes back for
  /// the rest by GET with these lines and Last-Event-ID.
  bool resumable = false;
  std::uint64_t id = 0;            ///< of a resumable request: our number in its JSON; 0: a stream without an answer
  std::string_view path = {};      ///< origin-form target; empty: the server's own
  std::string_view hops = {};      ///< gateways that it has come through
};

/// The connections of one worker to one server over HTTP. Keeps answered connections for later calls and
/// closes them before the server would (most close after 5 s of silence). A server that cannot be reached is not
/// dialled for every request: after a failure requests fail at once for a while, longer each time (100 ms to
/// 5 s), then one of them tries. Not thread-safe: the loop's thread.
class HttpPool {
 public:
  /// `loop` and `resolver` must outlive the pool. Every request is sent under this one account; connections of another
  /// are another pool's.
  HttpPool(io::Loop& loop, io::Resolver& resolver, std::shared_ptr<const ServerSettings> settings,
           TokenSource account = {}, std::string_view hop = {});
  ~HttpPool();
  HttpPool(const HttpPool&) = delete;
  HttpPool& operator=(const HttpPool&) = delete;

  /// Sends a request; `call` hears of its answer from the loop, never from inside this function. The ticket
  /// is good until the call's on_end or on_failure begins.
  Ticket& start(const HttpRequest& request, Call& call);

  /// Looks at the deadlines; a few times a second.
  void tick();

  const ServerSettings& settings() const { return *settings_; }
  /// Requests under way.
  std::size_t busy() const;

 private:
  friend class AuthorizedRequest;
  friend class HttpConnection;
  friend class ResumableRequest;
  /// Sends a request whose answer comes over one connection; `point`, null or alive as long as the ticket,
  /// learns of the events of its stream.
  Ticket& exchange(const HttpRequest& request, Call& call, ResumePoint* point);
  /// Sends a request under the present token, or none.
  Ticket& send(const HttpRequest& request, Call& call);
  void give_back(ResumableRequest& request) { spare_.push_back(&request); }
  void give_back(AuthorizedRequest& request) { spare_authorized_.push_back(&request); }
  /// What is in force for the account; never null lines where there is none.
  const TokenState& token();
  void demand(TokenDemand demand);
  void token_changed();
  void keep(HttpConnection& connection);
  /// The address that answered is dialled first from now on.
  void prefer(std::size_t address);
  /// Forgets a closed connection; its object goes with a later tick, as it may be on the stack now.
  void drop(HttpConnection& connection);
  void resolve();
  /// The server accepted a connection; or it did not.
  void reached();
  void unreachable();
  Result<io::Stream> secure(io::Fd fd);

  io::Loop& loop_;
  io::Resolver& resolver_;
  std::shared_ptr<const ServerSettings> settings_;
  std::string hop_;          ///< the name of this gateway for kHopsHeader; empty: the header is not sent
  std::string fixed_lines_;  ///< the configured headers and those that every request has
  std::vector<io::Address> addresses_;
  std::int64_t addresses_until_us_ = 0;
  bool literal_ = false;
  bool resolving_ = false;
  bool forbidden_ = false;  ///< the name has an address that may not be dialled
  std::vector<HttpConnection*> waiting_;  ///< for an address
  Backoff backoff_{100'000, 5'000'000};
  const HttpConnection* trial_ = nullptr;  ///< the one that tries whether the server is back
  std::optional<io::TlsContext> tls_;
  std::vector<std::unique_ptr<HttpConnection>> connections_;
  std::vector<HttpConnection*> idle_;  ///< the most recently used last
  std::vector<std::unique_ptr<ResumableRequest>> resumables_;
  std::vector<ResumableRequest*> spare_;
  TokenSource account_;
  TokenSlot::Listener listener_;
  std::shared_ptr<const TokenState> token_;
  std::vector<std::unique_ptr<AuthorizedRequest>> authorized_;
  std::vector<AuthorizedRequest*> spare_authorized_;
  json::Reader reader_;  ///< of what may be the answer on a resumable stream
  std::shared_ptr<HttpPool*> self_;    ///< empties when the pool dies, for answers of the resolver
};

}  // namespace doorward::upstream
