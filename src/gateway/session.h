#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gateway/asked.h"
#include "gateway/capabilities.h"
#include "gateway/event_stream.h"
#include "gateway/world.h"
#include "mcp/envelope.h"
#include "mcp/revision.h"
#include "quota/table.h"

namespace doorward::gateway {

class BundleSession;
class Exchange;
class ServerLink;
class SessionBridge;
class ServerChannel;

/// Hears what a server says in a session of its own accord, and what it asks, where its transport does not
/// tell to which of our requests that belongs (stdio, HTTP+SSE, the stream of GET).
class SessionEar {
 public:
  /// A request or a notification. `text` and `message` are valid during the call only.
  virtual void on_server_message(std::string_view text, const mcp::Message& message) = 0;

 protected:
  ~SessionEar() = default;
};

/// A legacy session between one client and one server: it belongs to the grant that opened it and lives on
/// the worker that opened it. Its id is ours, 128 random bits and the worker's number; the server's own id
/// never leaves the gateway.
struct Session {
  explicit Session(EventMemory* memory = nullptr);
  ~Session();

  std::string id;
  std::string upstream_id;  ///< what the server called it; empty: nothing
  std::string digest;       ///< of the id, for the log
  std::string grant_id;
  std::string client_name;       ///< as the client calls itself; untrusted
  ServerLink* server = nullptr;  ///< null: it is a session with a bundle
  mcp::Revision revision = mcp::Revision::v2025_03_26;
  std::int64_t last_used_us = 0;
  bool ready = false;  ///< initialize was answered: the revision is agreed
  bool ended = false;
  bool pinned = false;  ///< its client's stream stands: it is not unused, however long nothing is said
  /// What the client can be asked, as far as the server's settings let it be told.
  Questions declared;
  bool opens_urls = false;  ///< its client shows pages to its user (elicitation of the mode `url`)
  std::vector<Asked> asked;
  std::vector<Exchange*> running;     ///< requests under way
  Exchange* listener = nullptr;       ///< the GET stream, if one is open
  EventStreams streams;               ///< toward the client, over HTTP
  SessionEar* ear = nullptr;          ///< null: the streams of the session's client hear it
  SessionBridge* bridge = nullptr;    ///< what speaks for a server of the other era; null: the server itself
  std::unique_ptr<ServerChannel> channel;  ///< over stdio and HTTP+SSE: what carries this session
  std::unique_ptr<BundleSession> bundle;   ///< the sessions with a bundle's members
  /// Keys of the session's own counts, by the limits of `keys_of`; made on first use.
  std::shared_ptr<const policy::Policy> keys_of;
  std::vector<quota::CounterKey> keys;

  /// Whether it is one with this server, or the bundle that the grant is for.
  bool is_of(const GrantEntry& grant, const ServerLink* link) const;
  /// Whether nobody waits for anything in it.
  bool unused() const;

  /// In whose answer the server speaks where its transport does not tell: the latest call that it works on,
  /// else the GET stream; null where there is neither.
  Exchange* speaker() const;
};

/// An id that nobody can guess: 128 random bits and more, and the number of the worker that it lives on.
std::string make_session_id(unsigned worker);

/// The sessions of one worker. Worker's thread.
class SessionTable {
 public:
  explicit SessionTable(unsigned worker) : worker_(worker) {}

  /// `server`: null for a bundle.
  std::shared_ptr<Session> open(const std::string& grant_id, ServerLink* server);
  /// Null where there is none, or it is another grant's.
  std::shared_ptr<Session> find(std::string_view id, std::string_view grant_id) const;
  void close(const Session& session) { sessions_.erase(session.id); }

  /// Null where the session has left the table.
  std::shared_ptr<Session> shared(const Session& session) const;

  /// The visitor may open and close sessions.
  template <typename Visitor>
  void for_each(Visitor&& visit) {
    std::vector<std::shared_ptr<Session>> all = std::move(visited_);
    for (const auto& [id, session] : sessions_) all.push_back(session);
    for (const auto& session : all) visit(*session);
    all.clear();
    visited_ = std::move(all);
  }
  std::size_t size() const { return sessions_.size(); }

  /// The number of the worker that an id of make_session_id belongs to; nothing for what is no id of ours.
  static std::optional<unsigned> worker_of(std::string_view id);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  unsigned worker_;
  EventMemory memory_;
  std::vector<std::shared_ptr<Session>> visited_;  ///< empty; its memory is used again at each tick
  std::unordered_map<std::string, std::shared_ptr<Session>, Hash, std::equal_to<>> sessions_;
};

}  // namespace doorward::gateway
